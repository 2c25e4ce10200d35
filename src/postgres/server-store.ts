// What we ask of the Postgres server itself: its clock, its settings, its databases. Takes the knex handle or a client first.
import type { Knex } from 'knex';
import type pg from 'pg';
import { z } from 'zod';
import { selectRow } from './rows.ts';

const settingsRow = z.object({
  version: z.coerce.number(),
  fsync: z.string(),
  synchronous_commit: z.string(),
  full_page_writes: z.string(),
  standby: z.boolean(),
});

export type ServerSettings = z.infer<typeof settingsRow>;

/** As this session sees them: a role or a database may override the server. */
export async function loadServerSettings(knex: Knex): Promise<ServerSettings> {
  return selectRow(
    knex,
    settingsRow,
    `select current_setting('server_version_num') as version,
           current_setting('fsync')              as fsync,
           current_setting('synchronous_commit') as synchronous_commit,
           current_setting('full_page_writes')   as full_page_writes,
           pg_is_in_recovery()                   as standby`,
  );
}

const timeRow = z.object({ now_ms: z.coerce.number() });

/** The server's wall clock, in ms since the epoch. */
export async function loadServerTime(knex: Knex): Promise<number> {
  const row = await selectRow(knex, timeRow, 'select extract(epoch from clock_timestamp()) * 1000 as now_ms');
  return row.now_ms;
}

/** The directory a server runs on: two servers may answer on one port at different times, but not from one directory. */
export async function loadDataDirectory(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<Record<string, unknown>>('show data_directory');
  return z.object({ data_directory: z.string() }).parse(rows[0]).data_directory;
}

export async function createDatabase(client: pg.ClientBase, name: string): Promise<void> {
  await client.query(`create database ${client.escapeIdentifier(name)}`);
}
