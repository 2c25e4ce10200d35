// Taking a run from whoever has it, or from nobody, and rewriting rows of its record: DBOS's rows, as DBOS's own rewind changes them.
import type { Knex } from 'knex';
import SuperJSON from 'superjson';
import { NOW_MS } from './database-time.ts';
import { tellDeparture } from './departure-store.ts';
import { APPLICATION, RUN_QUEUE } from './protocol.ts';
import type { StepIds } from './step.ts';

/** `ended`: its execution has. `waiting`: it only waits, wherever it is. By a token: the caller is its execution. */
export type TakenFrom = 'ended' | 'waiting' | { readonly ownerXid: string };

export interface RecordChange {
  /** What is recorded under these ids is forgotten, transactions and taken messages included. */
  readonly forget: readonly StepIds[];
  /** Recorded as if the run had come to it; the ids must be forgotten or free. */
  readonly add?: readonly { readonly id: number; readonly name: string; readonly value: unknown }[];
}

/** Onto the run queue, owned by nobody. */
export async function takeFrom(trx: Knex.Transaction, runId: string, from: TakenFrom): Promise<boolean> {
  const [where, values] =
    from === 'ended'
      ? [`status = 'SUCCESS'`, []]
      : from === 'waiting'
        ? [`status in ('PENDING', 'ENQUEUED', 'DELAYED')`, []]
        : [`status = 'PENDING' and owner_xid = ?`, [from.ownerXid]];
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `with left_by as (
       update dbos.workflow_status
          set status = 'ENQUEUED', queue_name = ?, owner_xid = null, output = null, error = null,
              started_at_epoch_ms = null, delay_until_epoch_ms = null, completed_at = null, updated_at = ${NOW_MS}
        where workflow_uuid = ? and ${where}
       returning workflow_uuid, executor_id),
     told as (${tellDeparture('run.given_back')})
     select 1 from left_by`,
    [RUN_QUEUE, runId, ...values],
  );
  if (rowCount === 1) await trx.raw('delete from dbos.workflow_output where workflow_uuid = ?', [runId]);
  return rowCount === 1;
}

export async function changeSteps(
  trx: Knex.Transaction,
  runId: string,
  { forget, add = [] }: RecordChange,
): Promise<void> {
  const ranges = [forget.map(({ base }) => base), forget.map(({ base, size }) => base + size)];
  const within = (column: string): string =>
    `exists (select 1 from unnest(?::bigint[], ?::bigint[]) as range (first, past) where ${column} >= first and ${column} < past)`;
  await trx.raw(`delete from dbos.operation_outputs where workflow_uuid = ? and ${within('function_id')}`, [
    runId,
    ...ranges,
  ]);
  await trx.raw(`delete from dbos.transaction_completion where workflow_id = ? and ${within('function_num')}`, [
    runId,
    ...ranges,
  ]);
  await trx.raw(
    `delete from dbos.notifications where destination_uuid = ? and consumed and ${within('consumed_by_function_id')}`,
    [runId, ...ranges],
  );
  for (const { id, name, value } of add) {
    await trx.raw(
      `insert into dbos.operation_outputs
              (workflow_uuid, function_id, function_name, output, serialization, started_at_epoch_ms, completed_at_epoch_ms, application_name)
       values (?, ?, ?, ?, 'js_superjson', ${NOW_MS}, ${NOW_MS}, ?)`,
      [runId, id, name, SuperJSON.stringify(value), APPLICATION],
    );
  }
}

/** The token that the run's execution has; null while nobody executes it. */
export async function ownerOf(knex: Knex, runId: string): Promise<string | null> {
  const row = await knex
    .withSchema('dbos')
    .table('workflow_status')
    .first<{ owner_xid: string | null } | undefined>('owner_xid')
    .where('workflow_uuid', runId);
  return row?.owner_xid ?? null;
}

/** What `from` has recorded under these ids, for a run that goes on from there. */
export async function copySteps(
  trx: Knex.Transaction,
  from: string,
  to: string,
  ranges: readonly StepIds[],
): Promise<void> {
  await trx.raw(
    `insert into dbos.operation_outputs
            (workflow_uuid, function_id, function_name, output, error, child_workflow_id, serialization,
             started_at_epoch_ms, completed_at_epoch_ms, application_name)
     select ?, function_id, function_name, output, error, child_workflow_id, serialization,
            started_at_epoch_ms, completed_at_epoch_ms, application_name
       from dbos.operation_outputs
      where workflow_uuid = ?
        and exists (select 1 from unnest(?::bigint[], ?::bigint[]) as range (first, past) where function_id >= first and function_id < past)`,
    [to, from, ranges.map(({ base }) => base), ranges.map(({ base, size }) => base + size)],
  );
}
