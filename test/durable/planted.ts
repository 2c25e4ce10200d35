// Rows planted straight into the tables of workflows and executors, as some process left them, without any engine.
import type { Knex } from 'knex';
import { ENGINE_PROTOCOL } from '../../src/durable/protocol.ts';

export interface PlantedRun {
  readonly id: string;
  readonly status?: 'ENQUEUED' | 'PENDING' | 'DELAYED';
  readonly executor?: string;
  readonly protocol?: string;
  readonly queue?: string | null;
  readonly priority?: number;
  /** From now, in milliseconds of the database. */
  readonly delayMs?: number;
  /** Counted so far, without a checkpoint since. */
  readonly crashes?: number;
  /** How the run's own row calls it; absent: it has none. */
  readonly runStatus?: string;
}

export async function plantRuns(knex: Knex, runs: readonly PlantedRun[]): Promise<void> {
  for (const run of runs) await plantRun(knex, run);
}

async function plantRun(knex: Knex, run: PlantedRun): Promise<void> {
  const { id, status = 'ENQUEUED', executor = null, priority = 0, delayMs = null, crashes, runStatus } = run;
  const { queue = status === 'PENDING' ? null : 'breakwater_runs', protocol = ENGINE_PROTOCOL } = run;
  await knex.raw(
    `insert into dbos.workflow_status
       (workflow_uuid, status, name, executor_id, queue_name, application_version, application_name, priority, owner_xid,
        recovery_attempts, delay_until_epoch_ms, created_at, updated_at)
     select ?, ?::text, 'test.planted', ?, ?, ?, 'breakwater', ?::int, case when ?::text = 'PENDING' then 'token' end, 1,
            now_ms + ?::bigint, now_ms, now_ms
       from (select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms) clock`,
    [id, status, executor, queue, protocol, priority, status, delayMs],
  );
  if (crashes !== undefined)
    await knex.withSchema('breakwater').table('recovery').insert({ run_id: id, crashes, checkpoints: 0 });
  if (runStatus !== undefined) await plantRunRow(knex, id, runStatus);
}

async function plantRunRow(knex: Knex, id: string, status: string): Promise<void> {
  const definition = { tenant: 'default', name: 'planted', version: '1.0.0' };
  await knex
    .withSchema('breakwater')
    .table('definition')
    .insert({ ...definition, hash: 'h', title: 'Planted', kind: 'coded', created_by: 'test' })
    .onConflict()
    .ignore();
  await knex.withSchema('breakwater').table('run').insert({
    id,
    tenant: 'default',
    workflow: 'planted',
    version: '1.0.0',
    hash: 'h',
    input: '{}',
    status,
    requester: 'test',
    request_digest: 'd',
  });
}

/** `ttlMs` below zero is a lease that has run out. */
export async function plantExecutor(knex: Knex, id: string, ttlMs: number): Promise<void> {
  await knex.raw(
    `insert into breakwater.executor (id, host, pid, role, protocol, expires_at)
     values (?, 'here', 1, 'all', ?, clock_timestamp() + ? * interval '1 millisecond')`,
    [id, ENGINE_PROTOCOL, ttlMs],
  );
}

/** Something the run got done. */
export async function plantCheckpoint(knex: Knex, runId: string, stepId = 4_096): Promise<void> {
  await knex
    .withSchema('dbos')
    .table('operation_outputs')
    .insert({ workflow_uuid: runId, function_id: stepId, function_name: 'step', output: 'null' });
}

export interface WorkflowRow {
  readonly id: string;
  readonly status: string;
  readonly queue: string | null;
  readonly executor: string | null;
  readonly owner: string | null;
}

export async function workflowRows(knex: Knex, ids: readonly string[]): Promise<ReadonlyMap<string, WorkflowRow>> {
  const rows = await knex
    .withSchema('dbos')
    .table('workflow_status')
    .select<WorkflowRow[]>(
      'workflow_uuid as id',
      'status',
      'queue_name as queue',
      'executor_id as executor',
      'owner_xid as owner',
    )
    .whereIn('workflow_uuid', ids);
  return new Map(rows.map((row): [string, WorkflowRow] => [row.id, row]));
}

export async function crashesOf(knex: Knex, ids: readonly string[]): Promise<Record<string, number>> {
  const rows = await knex
    .withSchema('breakwater')
    .table('recovery')
    .select<{ run_id: string; crashes: number }[]>('run_id', 'crashes')
    .whereIn('run_id', ids);
  return Object.fromEntries(rows.map((row) => [row.run_id, row.crashes]));
}
