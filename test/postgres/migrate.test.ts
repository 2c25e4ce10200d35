// Migrations from directories of their own: once, in order, wholly or not at all, whoever starts at the same time.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createKnex, migrate, packageRoot, pendingMigrations } from '../../src/postgres/index.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { Program } from '../support/program.ts';

const migrateProgram = fileURLToPath(new URL('./programs/run-migrations.ts', import.meta.url));
const leftovers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of leftovers.splice(0).toReversed()) await cleanUp();
});

async function setup(files: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-migrations-'));
  leftovers.push(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const add = (name: string, sql: string) => writeFile(join(directory, name), migration(sql));
  for (const [name, sql] of Object.entries(files)) await add(name, sql);
  const url = await createEmptyDatabase('migrate');
  const knex = createKnex(url, { max: 2, name: 'migrate-test' });
  leftovers.push(() => knex.destroy());
  const events: RoomEvent[] = [];
  const run = () => migrate(knex, (event) => events.push(event), directory);
  return { directory, url, knex, events, add, run };
}

function migration(sql: string): string {
  return `export const up = (knex) => knex.raw(${JSON.stringify(sql)});\nexport const down = () => undefined;\n`;
}

const twoFiles = {
  '0001_first.js': 'create table breakwater.step (n int)',
  '0002_second.js': 'insert into breakwater.step values (2)',
};

describe('migrate', () => {
  it('runs each file once, in order', async () => {
    const { knex, events, run } = await setup(twoFiles);

    expect(await run()).toEqual(['0001_first.js', '0002_second.js']);
    expect(await run()).toEqual([]);

    expect(await knex.withSchema('breakwater').from('step')).toEqual([{ n: 2 }]);
    expect(events.map(({ name }) => name)).toEqual(['postgres.migrated']);
  });

  it('runs only what is new in a database that was migrated before', async () => {
    const { add, run } = await setup(twoFiles);
    await run();
    await add('0003_third.js', 'insert into breakwater.step values (3)');

    expect(await run()).toEqual(['0003_third.js']);
  });

  it('leaves the database as it was when a file fails, and says which fault', async () => {
    const { knex, add, run } = await setup(twoFiles);
    await add('0003_third.js', 'select * from nowhere');

    await expect(run()).rejects.toMatchObject({ code: 'DATABASE', message: expect.stringContaining('nowhere') });

    expect(await knex.schema.withSchema('breakwater').hasTable('step')).toBe(false);
  });

  it('goes on when the database is ahead of the files, and says so', async () => {
    const { directory, events, run } = await setup(twoFiles);
    await run();
    await rm(join(directory, '0002_second.js'));

    expect(await run()).toEqual([]);

    expect(events.at(-1)).toEqual({
      level: 'warn',
      name: 'postgres.schema-newer',
      fields: { files: ['0002_second.js'] },
    });
  });

  it('passes over files that are no migrations', async () => {
    const { directory, run } = await setup({});
    await writeFile(join(directory, 'README.md'), 'not code');
    await writeFile(join(directory, 'draft.js'), 'throw new Error("never imported")');

    expect(await run()).toEqual([]);
  });

  it('runs each file once when five processes start together', async () => {
    const slow = {
      '0001_first.js': 'create table breakwater.step (n int); select pg_sleep(0.3)',
      '0002_second.js': twoFiles['0002_second.js'],
    };
    const { directory, url, knex } = await setup(slow);
    const programs = [1, 2, 3, 4, 5].map(() => new Program(migrateProgram, [url, directory]));

    const ran = await Promise.all(programs.map((program) => program.nextJson<string[]>()));
    const exitCodes = await Promise.all(programs.map((program) => program.exitCode()));

    expect(exitCodes).toEqual([0, 0, 0, 0, 0]);
    expect(ran.flat()).toEqual(['0001_first.js', '0002_second.js']);
    expect(await knex.withSchema('breakwater').from('step')).toEqual([{ n: 2 }]);
  });
});

describe('pendingMigrations', () => {
  it('lists what has not run and changes nothing', async () => {
    const { knex, directory, run } = await setup(twoFiles);

    expect(await pendingMigrations(knex, directory)).toEqual(['0001_first.js', '0002_second.js']);
    expect(await knex.first(knex.raw(`to_regnamespace('breakwater') as schema`))).toEqual({ schema: null });
    await run();
    expect(await pendingMigrations(knex, directory)).toEqual([]);
  });

  it('reads the package by default', async () => {
    const { knex } = await setup({});

    expect(packageRoot()).toBe(fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, ''));
    expect(await pendingMigrations(knex)).toContain('0001_foundation.js');
  });
});
