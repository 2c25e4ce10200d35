// Puts a run that ended back on the queue: steps are taken out of its record, and others written into it, as if it had come to them.
import type { Knex } from 'knex';
import SuperJSON from 'superjson';
import { notifyClaimers } from './claim-store.ts';
import { NOW_MS } from './database-time.ts';
import { APPLICATION, RUN_QUEUE } from './protocol.ts';

export interface Reopening {
  readonly runId: string;
  readonly forget: readonly number[];
  readonly add: { readonly id: number; readonly name: string; readonly value: unknown };
}

/** In the caller's transaction, which holds the run's row. False when its execution has not ended. */
export async function reopenInTransaction(trx: Knex.Transaction, { runId, forget, add }: Reopening): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `update dbos.workflow_status
        set status = 'ENQUEUED', queue_name = ?, output = null, error = null, owner_xid = null,
            started_at_epoch_ms = null, delay_until_epoch_ms = null, completed_at = null, updated_at = ${NOW_MS}
      where workflow_uuid = ? and status = 'SUCCESS'`,
    [RUN_QUEUE, runId],
  );
  if (rowCount === 0) return false;
  await trx.raw(`delete from dbos.operation_outputs where workflow_uuid = ? and function_id = any(?)`, [
    runId,
    [...forget],
  ]);
  await trx.raw(`delete from dbos.transaction_completion where workflow_id = ? and function_num = any(?)`, [
    runId,
    [...forget],
  ]);
  await trx.raw(
    `insert into dbos.operation_outputs
            (workflow_uuid, function_id, function_name, output, serialization, started_at_epoch_ms, completed_at_epoch_ms, application_name)
     values (?, ?, ?, ?, 'js_superjson', ${NOW_MS}, ${NOW_MS}, ?)`,
    [runId, add.id, add.name, SuperJSON.stringify(add.value), APPLICATION],
  );
  await notifyClaimers(trx);
  return true;
}
