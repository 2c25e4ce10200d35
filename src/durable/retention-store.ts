// Deleting runs whose time is over, in the caller's transaction: ours, and whatever DBOS keeps of them.
import type { Knex } from 'knex';

/** Where DBOS and our transactions keep rows of a workflow that do not go with its status row: no foreign key leads there. */
const PAYLOADS = [
  ['workflow_input', 'workflow_uuid'],
  ['workflow_output', 'workflow_uuid'],
  ['operation_outputs', 'workflow_uuid'],
  ['transaction_completion', 'workflow_id'],
] as const;

/** How long a run is kept after its end. */
export interface Horizons {
  readonly retentionMs: number;
  /** At least so long when it was started under an idempotency key: a repeat of that start must find it. */
  readonly keyedMs: number;
}

/**
 * Locks up to `limit` runs whose time is over, the oldest first. A run that is locked is another process's, or somebody is
 * about to reopen it. One whose workflow, or a workflow of its own, is not over yet is left alone whatever its row says.
 */
export async function lockExpired(trx: Knex.Transaction, horizons: Horizons, limit: number): Promise<string[]> {
  const result = await trx.raw<{ rows: { id: string }[] }>(
    `select r.id
       from breakwater.run r
      where r.finished_at < clock_timestamp() - ? * interval '1 millisecond'
        and (r.idempotency_key is null or r.finished_at < clock_timestamp() - ? * interval '1 millisecond')
        and not exists (select 1
                          from dbos.workflow_status w
                         where (w.workflow_uuid = r.id or w.parent_workflow_id = r.id or w.forked_from = r.id)
                           and w.status in ('PENDING', 'ENQUEUED', 'DELAYED'))
      order by r.finished_at
      limit ?
        for update of r skip locked`,
    [horizons.retentionMs, horizons.keyedMs, limit],
  );
  return result.rows.map((row) => row.id);
}

/** The workflows of these runs: their own, and what those started or were copied into, unless that is a run by itself. */
export async function listWorkflowsOf(trx: Knex.Transaction, runIds: readonly string[]): Promise<string[]> {
  const result = await trx.raw<{ rows: { id: string }[] }>(
    `with recursive family (id) as (
       select unnest(?::text[])
       union
       select w.workflow_uuid
         from family f
         join dbos.workflow_status w on w.parent_workflow_id = f.id or w.forked_from = f.id
        where not exists (select 1 from breakwater.run r where r.id = w.workflow_uuid)
     )
     select id from family`,
    [[...runIds]],
  );
  return result.rows.map((row) => row.id);
}

/** Messages, events and streams go with the workflow's row; events, approvals and decisions with the run's. */
export async function deleteRuns(
  trx: Knex.Transaction,
  runIds: readonly string[],
  workflowIds: readonly string[],
): Promise<void> {
  for (const [table, column] of PAYLOADS)
    await trx(`dbos.${table}`)
      .whereIn(column, [...workflowIds])
      .delete();
  await trx('dbos.workflow_status')
    .whereIn('workflow_uuid', [...workflowIds])
    .delete();
  await trx('breakwater.recovery')
    .whereIn('run_id', [...runIds])
    .delete();
  await trx('breakwater.run')
    .whereIn('id', [...runIds])
    .delete();
}
