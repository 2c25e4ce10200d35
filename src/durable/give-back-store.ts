// Giving a run back: each statement compares and sets on the owner's token, so only the owner can (K1).
import type { Knex } from 'knex';
import { notifyClaimers } from './claim-store.ts';
import { NOW_MS } from './database-time.ts';
import { tellDeparture } from './departure-store.ts';
import { RUN_QUEUE, STUCK_QUEUE } from './protocol.ts';

export interface Owned {
  readonly runId: string;
  readonly ownerXid: string;
}

/** Back on the queue after `delayMs` of database time. False when the run is no longer ours. */
export async function giveBackLater(knex: Knex, owned: Owned, delayMs: number): Promise<boolean> {
  return await change(knex, owned, 'DELAYED', RUN_QUEUE, delayMs);
}

/** Back on the queue at once, for another process to claim. */
export async function giveBackNow(knex: Knex, owned: Owned): Promise<boolean> {
  const given = await change(knex, owned, 'ENQUEUED', RUN_QUEUE, null);
  if (given) await notifyClaimers(knex);
  return given;
}

/** Onto the queue that nobody polls: it stays until a person releases it (K3). */
export async function setAside(trx: Knex.Transaction, owned: Owned): Promise<boolean> {
  return await change(trx, owned, 'ENQUEUED', STUCK_QUEUE, null);
}

async function change(
  knex: Knex,
  owned: Owned,
  status: string,
  queue: string,
  delayMs: number | null,
): Promise<boolean> {
  const result = await knex.raw<{ rowCount: number }>(
    `with left_by as (
       update dbos.workflow_status
          set status = ?, queue_name = ?, owner_xid = null, started_at_epoch_ms = null,
              delay_until_epoch_ms = ${NOW_MS} + ?::bigint,
              updated_at = ${NOW_MS}
        where workflow_uuid = ? and owner_xid = ? and status = 'PENDING'
       returning workflow_uuid, executor_id),
     told as (${tellDeparture('run.given_back')})
     select 1 from left_by`,
    [status, queue, delayMs, owned.runId, owned.ownerXid],
  );
  return result.rowCount === 1;
}
