// What the database itself says was done: no figure counts before its work is found there.
import pg from 'pg';
import { z } from 'zod';
import type { Kind } from './report.ts';

export interface Work {
  readonly workflows: number;
  readonly steps: number;
}

const DURABLE = `select (select count(*) from dbos.workflow_status where status = 'SUCCESS') as workflows,
                        (select count(*) from dbos.operation_outputs where error is null)    as steps`;
const LIMIT = `select 0 as workflows, (select count(*) from limit_outputs) as steps`;
const CANCELLED_RUNS = `select count(*) from breakwater.run where id = any($1) and status = 'cancelled'`;
const CANCELLED_WORKFLOWS = `select count(*) from dbos.workflow_status where workflow_uuid = any($1) and status = 'CANCELLED'`;
const SETTINGS = `select name, setting from pg_settings
                   where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_connections')
                   order by name`;

const workSchema = z.object({ workflows: z.coerce.number(), steps: z.coerce.number() });
const settingSchema = z.object({ name: z.string(), setting: z.string() });

export async function countWork(url: string, kind: Kind): Promise<Work> {
  const [row] = await query(url, kind === 'limit' ? LIMIT : DURABLE);
  return workSchema.parse(row);
}

/** How many of these runs are over as cancelled: by our own status, or by DBOS's where that is all there is. */
export async function countCancelled(url: string, kind: Kind, ids: readonly string[]): Promise<number> {
  const [row] = await query(url, kind === 'breakwater' ? CANCELLED_RUNS : CANCELLED_WORKFLOWS, [[...ids]]);
  return z.object({ count: z.coerce.number() }).parse(row).count;
}

/** What decides how much a commit costs. */
export async function loadServerSettings(url: string): Promise<Record<string, string>> {
  const rows = await query(url, SETTINGS);
  return Object.fromEntries(rows.map((row) => settingSchema.parse(row)).map(({ name, setting }) => [name, setting]));
}

async function query(url: string, sql: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, values);
    return rows;
  } finally {
    await client.end();
  }
}
