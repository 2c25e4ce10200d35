import type { Knex } from 'knex';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { ensureAdminKey } from '../../src/http/index.ts';
import { findKeyOwner } from '../../src/http/key-store.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';

const databases: Knex[] = [];
let knex: Knex;
let dataDir: string;

beforeEach(async () => {
  knex = createKnex(await createTestDatabase('admin_key'), { max: 5, name: 'test' });
  databases.push(knex);
  dataDir = await mkdtemp(join(tmpdir(), 'breakwater-key-'));
});

afterEach(() => rm(dataDir, { recursive: true }));
afterAll(() => Promise.all(databases.map((each) => each.destroy())));

describe('ensureAdminKey', () => {
  it('makes a key at first start that only its owner can read, and knows it afterwards', async () => {
    const first = await ensureAdminKey(knex, { dataDir });
    const again = await ensureAdminKey(knex, { dataDir });

    expect(first.created).toBe(true);
    expect(again).toEqual({ key: first.key, created: false });
    expect((await stat(join(dataDir, 'admin-key'))).mode & 0o777).toBe(0o600);
    expect((await readFile(join(dataDir, 'admin-key'), 'utf8')).trim()).toBe(first.key);
    expect(await findKeyOwner(knex, first.key ?? '')).toEqual({ tenant: 'default', user: 'admin', roles: ['admin'] });
  });

  it('makes one key when many processes start at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => ensureAdminKey(knex, { dataDir })));

    expect(new Set(made.map(({ key }) => key)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect(await knex.withSchema('breakwater').table('api_key').select()).toHaveLength(1);
  });

  it('takes the configured key and writes no file', async () => {
    expect(await ensureAdminKey(knex, { configured: 'given', dataDir })).toEqual({ key: 'given', created: false });

    expect(await findKeyOwner(knex, 'given')).toMatchObject({ roles: ['admin'] });
    await expect(stat(join(dataDir, 'admin-key'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('puts a known key into a database that was made anew', async () => {
    const { key } = await ensureAdminKey(knex, { dataDir });
    await knex.withSchema('breakwater').table('api_key').delete();

    expect(await ensureAdminKey(knex, { dataDir })).toEqual({ key, created: false });
    expect(await findKeyOwner(knex, key ?? '')).toBeDefined();
  });

  it('makes no second key on another machine of the same database', async () => {
    await ensureAdminKey(knex, { configured: 'given', dataDir });
    const elsewhere = join(dataDir, 'elsewhere');

    expect(await ensureAdminKey(knex, { dataDir: elsewhere })).toEqual({ created: false });
  });
});
