import { describe, expect, it } from 'vitest';
import { findKeyOwner } from '../../src/http/key-store.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/database.ts';
import { breakwater } from './command-line.ts';

async function setup() {
  const environment = { DBOS_SYSTEM_DATABASE_URL: await createTestDatabase('cli_keys') };
  const run = (...args: string[]) => breakwater(args, environment);
  const ownerOf = async (key: string) => {
    const knex = createKnex(environment.DBOS_SYSTEM_DATABASE_URL, { max: 1, name: 'test' });
    try {
      return await findKeyOwner(knex, key);
    } finally {
      await knex.destroy();
    }
  };
  return { run, ownerOf };
}

describe('keys', () => {
  it('are made with user, roles and tenant, and only the key goes to stdout', async () => {
    const { run, ownerOf } = await setup();

    const made = await run(
      'keys',
      'create',
      '--user',
      'reviewer-1',
      '--role',
      'approver,marketing-lead',
      '--tenant',
      'acme',
    );

    expect(made.exitCode).toBe(0);
    expect(made.stdout).toMatch(/^bwk_[\w-]{43}\n$/);
    expect(await ownerOf(made.stdout.trim())).toEqual({
      tenant: 'acme',
      user: 'reviewer-1',
      roles: ['approver', 'marketing-lead'],
    });
  });

  it('are listed without their texts, and die when revoked', async () => {
    const { run, ownerOf } = await setup();
    const made = await run(
      'keys',
      'create',
      '--user',
      'ann',
      '--role',
      'viewer',
      'starter',
      '--expires',
      '90d',
      '--json',
    );
    const { id, key } = made.json() as { id: string; key: string };

    const before = await run('keys', 'list');
    const revoked = await run('keys', 'revoke', id);
    const after = await run('keys', 'list', '--json');

    expect(before.stdout).toMatch(new RegExp(`^${id} +default +ann +viewer,starter +until .* never$`, 'm'));
    expect(before.stdout).not.toContain(key);
    expect(revoked).toMatchObject({ exitCode: 0 });
    expect(after.json()).toMatchObject({ items: [{ id, revokedAt: expect.any(String) }] });
    expect(await ownerOf(key)).toBeUndefined();
  });

  it.each([
    [['keys', 'create', '--user', 'ann'], '--role'],
    [['keys', 'create', '--user', 'ann', '--role', 'Top Boss'], '"Top Boss" is no role'],
    [['keys', 'create', '--user', 'ann', '--role', 'viewer', '--expires', 'soon'], '"soon" is no duration'],
    [['keys', 'create', '--user', 'ann', '--role', 'viewer', '--tenant', '*'], '"*" is no tenant'],
    [['keys', 'create', '--user', 'ann', '--role', 'viewer', '--tenant', ''], '"" is no tenant'],
    [['keys', 'create', '--user', 'ann\nadmin', '--role', 'viewer'], 'is no user'],
    [['keys', 'create', '--user', 'slack:U0123ABCDEF', '--role', 'viewer'], 'those of members at Slack'],
  ])('are not made from %j', async (args, message) => {
    const { run } = await setup();

    const ended = await run(...args);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it('are made with a word about roles that no route asks for', async () => {
    const { run } = await setup();

    const made = await run('keys', 'create', '--user', 'ann', '--role', 'viewr', 'viewer', 'marketing-lead');

    expect(made).toMatchObject({ exitCode: 0 });
    expect(made.stderr.split('\n').filter((line) => line.startsWith('Note'))).toEqual([
      'Note: "viewr" is a role of your own, for approvals that ask role:viewr; did you mean "viewer"?',
      'Note: "marketing-lead" is a role of your own, for approvals that ask role:marketing-lead',
    ]);
  });

  it('cannot be revoked by an id that is none, and may be twice', async () => {
    const { run } = await setup();
    const { id } = (await run('keys', 'create', '--user', 'ann', '--role', 'viewer', '--json')).json() as {
      id: string;
    };

    const ended = [await run('keys', 'revoke', 'key_none'), await run('keys', 'revoke', id)];
    const again = await run('keys', 'revoke', id);

    expect(ended).toMatchObject([
      { exitCode: 1, stdout: '', stderr: 'breakwater: No key "key_none"; "keys list" shows their ids.\n' },
      { exitCode: 0, stdout: `${id} is revoked\n` },
    ]);
    expect(again).toMatchObject({ exitCode: 0, stdout: `${id} is revoked\n` });
  });
});

describe('migrate', () => {
  it('brings an empty database up to date, once', async () => {
    const environment = { DBOS_SYSTEM_DATABASE_URL: await createEmptyDatabase('cli_migrate') };

    const before = await breakwater(['keys', 'list'], environment);
    const first = await breakwater(['migrate'], environment);
    const again = await breakwater(['migrate'], environment);
    const after = await breakwater(['keys', 'list'], environment);

    expect(before).toMatchObject({ exitCode: 1, stdout: '' });
    expect(before.stderr).toContain('breakwater migrate');
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stdout).toContain('0001_foundation.js\n');
    expect(again).toMatchObject({ exitCode: 0, stdout: '', stderr: 'The database is up to date.\n' });
    expect(after.exitCode).toBe(0);
  });
});
