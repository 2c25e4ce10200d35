import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApproval, type NewApproval } from '../../src/approvals/index.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { ADMIN_KEY, startTestApp, type RunningApp } from '../http/running-app.ts';
import { breakwater } from './command-line.ts';

let api: RunningApp;
let folder: string;

beforeAll(async () => {
  api = await startTestApp('cli_api');
  folder = await mkdtemp(join(tmpdir(), 'breakwater-cli-'));
});

afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

function run(...args: string[]) {
  return breakwater(args, { BREAKWATER_URL: api.app.url, BREAKWATER_KEY: ADMIN_KEY });
}

async function echo(): Promise<string> {
  const { body } = await api.call('/v1/runs', { body: { workflow: 'echo', input: { n: 1 } } });
  const { id } = body as { id: string };
  await api.call(`/v1/runs/${id}?wait=30s`);
  return id;
}

async function ask(over: Partial<NewApproval> = {}): Promise<string> {
  const runId = await insertWaitingRun(api.knex, 'default');
  const question = aQuestion({ tenant: 'default', runId, ...over });
  return (await api.knex.transaction((trx) => openApproval(trx, question))).id;
}

const auditOf = async (subject: string): Promise<string[]> => {
  const rows = api.knex.withSchema('breakwater').table('audit').where({ subject }).orderBy('id');
  return (await rows.select<{ actor: string; action: string }[]>('actor', 'action')).map(
    ({ actor, action }) => `${actor} ${action}`,
  );
};

describe('runs list', () => {
  it('shows runs as a table, or whole as JSON', async () => {
    const id = await echo();

    const text = await run('runs', 'list', '--workflow', 'echo');
    const json = await run('runs', 'list', '--workflow', 'echo', '--limit', '1', '--json');

    expect(text.exitCode).toBe(0);
    expect(text.stdout).toMatch(/^RUN +WORKFLOW +STATUS +DONE +STARTED\n/);
    expect(text.stdout).toMatch(new RegExp(`^${id} +echo 1.0.0 +succeeded +100% `, 'm'));
    expect(json.json()).toMatchObject({ items: [{ id, input: { n: 1 } }] });
  });

  it('tells of a next page, and goes on with it', async () => {
    const [older, newer] = [await echo(), await echo()];

    const first = await run('runs', 'list', '--workflow', 'echo', '--limit', '1');
    const cursor = /^There is more: add --cursor (\S+)$/m.exec(first.stdout)?.[1] ?? 'none';
    const second = await run('runs', 'list', '--workflow', 'echo', '--limit', '1', '--cursor', cursor);

    expect(first.stdout).toMatch(new RegExp(`^${newer} `, 'm'));
    expect(second.stdout).toMatch(new RegExp(`^${older} `, 'm'));
    expect((await run('runs', 'list', '--limit', '200')).stdout).not.toContain('There is more');
  });

  it('fails with what the API says is wrong', async () => {
    const ended = await run('runs', 'list', '--status', 'done');

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('/status');
  });
});

describe('runs show', () => {
  it('tells one run in words', async () => {
    const id = await echo();

    const { exitCode, stdout } = await run('runs', 'show', id);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('Status:     succeeded\n');
    expect(stdout).toContain('{"echoed":{"n":1}}');
  });

  it('exits 1 with one line for a run that is not there', async () => {
    const ended = await run('runs', 'show', 'run_none');

    expect(ended).toMatchObject({ exitCode: 1, stdout: '', stderr: 'breakwater: No run "run_none".\n' });
  });
});

describe('runs cancel', () => {
  it('exits 1 when the run is final', async () => {
    const ended = await run('runs', 'cancel', await echo());

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('is over');
  });
});

describe('approvals', () => {
  it('are listed with their deadline', async () => {
    const id = await ask();

    const { stdout } = await run('approvals', 'list', '--status', 'pending');

    expect(stdout).toMatch(new RegExp(`^${id} +pending +\\d{4}-.* Ship it\\?$`, 'm'));
  });

  it('are approved with edits from a file', async () => {
    const id = await ask();
    const edits = join(folder, 'edits.json');
    await writeFile(edits, '{"write.draft":{"title":"New"}}');

    const ended = await run('approvals', 'approve', id, '--reason', 'fine', '--edits', edits);

    expect(ended).toMatchObject({ exitCode: 0, stdout: `${id} is approved\n` });
    expect(await api.call(`/v1/approvals/${id}`)).toMatchObject({
      body: { decisions: [{ reason: 'fine', edits: { 'write.draft': { title: 'New' } } }] },
    });
  });

  it('are rejected once', async () => {
    const id = await ask();

    expect(await run('approvals', 'reject', id)).toMatchObject({ exitCode: 0, stdout: `${id} is rejected\n` });
    expect(await run('approvals', 'reject', id)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: 'breakwater: Already rejected by admin.\n',
    });
    expect(await auditOf(id)).toEqual(['admin approval.reject', 'admin approval.answered_again']);
  });

  it('are sent back with what is to be changed', async () => {
    const id = await ask({ changes: { to: 'write', max: 1 } });

    const unsaid = await run('approvals', 'request-changes', id);
    const sent = await run('approvals', 'request-changes', id, '--reason', 'shorter', '--json');

    expect(unsaid).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unsaid.stderr).toContain('/reason Say what is to be changed');
    expect(sent.json()).toMatchObject({ id, decisions: [{ decision: 'request_changes', reason: 'shorter' }] });
    expect(await auditOf(id)).toEqual(['admin approval.request_changes']);
  });

  it('are put to others, approved by quorum and shown', async () => {
    const id = await ask({ quorum: 2 });

    const put = await run('approvals', 'reassign', id, '--to', 'role:legal', 'user:bob', '--reason', 'away');
    const given = await run('approvals', 'approve', id, '--reason', 'fine');
    const shown = await run('approvals', 'show', id);

    expect(put).toMatchObject({ exitCode: 0, stdout: `${id} is pending: 0 of 2 approvals given\n` });
    expect(given).toMatchObject({ exitCode: 0, stdout: `${id} is pending: 1 of 2 approvals given\n` });
    expect(shown.stdout).toMatch(/^of +role:legal, user:bob \(1 of 2 given\)$/m);
    expect(shown.stdout).toMatch(/^approve +by admin at \S+: fine$/m);
    expect(await auditOf(id)).toEqual(['admin approval.reassign', 'admin approval.approve']);
  });

  it('are withdrawn with a reason, and then open to nobody', async () => {
    const id = await ask();

    const withdrawn = await run('approvals', 'withdraw', id, '--reason', 'no longer', '--json');
    const late = await run('approvals', 'approve', id);

    expect(withdrawn.json()).toMatchObject({ id, status: 'withdrawn', decisions: [] });
    expect(late).toMatchObject({ exitCode: 1, stdout: '' });
    expect(late.stderr).toContain('was withdrawn by admin');
    expect(await auditOf(id)).toEqual(['admin approval.withdraw', 'admin approval.answered_again']);
  });

  it.each([
    [['approve', 'apr_none'], 1, 'No approval "apr_none". "approvals list" shows which there are.'],
    [['withdraw', 'apr_none'], 1, '"approvals list" shows which there are.'],
    [['show', 'apr_none'], 1, '"approvals list" shows which there are.'],
    [['list', '--status', 'open'], 1, '/status must be one of pending, approved, rejected, expired, withdrawn'],
    [['list', '--cursor', 'x'], 1, 'start again without it'],
    [['reassign', 'ID', '--to', 'bob'], 1, '/approvers/0 "bob" must be role:<name> or user:<name>'],
    [['request-changes', 'ID', '--reason', 'x'], 1, 'approve, with edits, or reject'],
    [['approve', 'ID', '--edits', '/no/such/file'], 2, '/no/such/file cannot be read'],
    [['aprove', 'ID'], 2, '(Did you mean approve?)'],
    [['reassign', 'ID'], 2, "required option '--to <approver...>'"],
    [['approve'], 2, "missing required argument 'id'"],
  ] as const)('%j says what to do instead', async (args, exitCode, remedy) => {
    const id = await ask();

    const ended = await run('approvals', ...args.map((arg) => (arg === 'ID' ? id : arg)));

    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toContain(remedy);
    expect(await auditOf(id)).toEqual([]);
  });
});

describe('breakers', () => {
  it('are listed with why they changed last', async () => {
    const { exitCode, stdout } = await run('breakers', 'list');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^SERVICE +STATE +FAILURES +NEXT TRY +LAST CHANGE\n/);
    expect(stdout).toMatch(/^notion +closed +0 +- +-$/m);
  });

  it('are opened and closed for a while, with a reason', async () => {
    const opened = await run('breakers', 'open', 'slack', '--reason', 'maintenance', '--for', '5m');
    const listed = await run('breakers', 'list');
    const closed = await run('breakers', 'close', 'slack', '--reason', 'done', '--json');

    expect(opened).toMatchObject({ exitCode: 0 });
    expect(opened.stdout).toMatch(/^slack is open until \d{4}-.*Z\n$/);
    expect(listed.stdout).toMatch(/^slack +open +0 +\d{4}-\S+ +forced by admin until \d{4}-\S+: maintenance$/m);
    expect(closed.json()).toMatchObject({ service: 'slack', state: 'closed', forced: { reason: 'done' } });
  });

  it.each([
    [['open', 'notion'], 2, "required option '--reason <text>'"],
    [['close', 'notion', '--reason', ''], 1, '/reason must say why'],
    [['open', 'notoin', '--reason', 'x'], 1, 'No breaker "notoin"; did you mean "notion"?'],
    [['open', 'notion', '--reason', 'x', '--for', '48h'], 1, '/for must be a duration such as 30s, at most 24h'],
  ] as const)('are not forced by %j, and the error says how', async (args, exitCode, remedy) => {
    const ended = await run('breakers', ...args);

    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toContain(remedy);
    expect(await auditOf('notion')).toEqual([]);
  });
});

describe('the address and the key', () => {
  it('are named when nothing answers', async () => {
    const ended = await breakwater(['runs', 'list'], { BREAKWATER_URL: 'http://127.0.0.1:9', BREAKWATER_KEY: 'k' });

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/^breakwater: Nothing answers at http:\/\/127\.0\.0\.1:9 .*BREAKWATER_URL\.\n$/);
  });

  it('come from the data directory when no key is set', async () => {
    await writeFile(join(folder, 'admin-key'), `${ADMIN_KEY}\n`);

    const ended = await breakwater(['runs', 'list'], { BREAKWATER_URL: api.app.url, BREAKWATER_DATA_DIR: folder });

    expect(ended.exitCode).toBe(0);
  });

  it('are asked for when there is none', async () => {
    const ended = await breakwater(['runs', 'list'], {
      BREAKWATER_URL: api.app.url,
      BREAKWATER_DATA_DIR: join(folder, 'none'),
    });

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('set BREAKWATER_KEY');
  });
});
