// Takes runs off the queue of those that were set aside.
import type { Knex } from 'knex';
import { NOW_MS } from './database-time.ts';
import { RUN_QUEUE, STUCK_QUEUE } from './protocol.ts';

/** From the queue that nobody polls onto the one that all claim from. False when the run is not there. */
export async function takeUp(trx: Knex.Transaction, runId: string): Promise<boolean> {
  const result = await trx.raw<{ rowCount: number }>(
    `update dbos.workflow_status
        set queue_name = ?, updated_at = ${NOW_MS}
      where workflow_uuid = ? and queue_name = ? and status = 'ENQUEUED'`,
    [RUN_QUEUE, runId, STUCK_QUEUE],
  );
  return result.rowCount === 1;
}
