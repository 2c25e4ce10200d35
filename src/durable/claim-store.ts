// Claims runs off the run queue: what DBOS's own dequeue does (findAndMarkStartableWorkflows in 5.3.0), with a quota and on the database's clock.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRow } from '../postgres/index.ts';
import { NOW_MS } from './database-time.ts';
import { APPLICATION, CLAIM_CHANNEL, ENGINE_PROTOCOL, RUN_QUEUE } from './protocol.ts';
import { PROBATIONERS } from './recovery-store.ts';

const OURS = `w.queue_name = '${RUN_QUEUE}' and w.application_name = '${APPLICATION}' and w.application_version = '${ENGINE_PROTOCOL}'`;

const claim = z.object({
  /** Most urgent first. */
  runIds: z.array(z.string()),
  /** Until the next delayed run is due; null when none is. */
  nextDueMs: z.coerce.number().nullable(),
  /** Probationers wait for their turn. */
  probationersWait: z.boolean(),
});
export type Claim = z.infer<typeof claim>;

/**
 * Makes up to `limit` runs that are due `executorId`'s, under the token `ownerXid`, and at most one probationer, when it executes
 * none. As a rule nobody is on probation, which is asked first. An executor whose lease has run out claims nothing: nobody would see it die.
 */
export async function claimRuns(
  knex: Knex,
  { executorId, ownerXid, limit }: { executorId: string; ownerXid: string; limit: number },
): Promise<Claim> {
  return await selectRow(
    knex,
    claim,
    `with ${PROBATIONERS},
     due as (
       select w.workflow_uuid
         from dbos.workflow_status w
        where w.status = 'DELAYED' and w.delay_until_epoch_ms <= ${NOW_MS} and ${OURS}
          and not exists (select 1 from probationers p where p.run_id = w.workflow_uuid)
        order by w.delay_until_epoch_ms
        limit :limit
          for update skip locked),
     ready as (
       select w.workflow_uuid
         from dbos.workflow_status w
        where w.status = 'ENQUEUED' and ${OURS}
          and not exists (select 1 from probationers p where p.run_id = w.workflow_uuid)
        order by w.priority, w.created_at
        limit greatest(:limit - (select count(*) from due), 0)
          for update skip locked),
     probationer as (
       select w.workflow_uuid
         from probationers p
         join dbos.workflow_status w on w.workflow_uuid = p.run_id
        where (w.status = 'ENQUEUED' or w.status = 'DELAYED' and w.delay_until_epoch_ms <= ${NOW_MS}) and ${OURS}
          and exists (select 1 from probationers)
          and not exists (select 1
                            from probationers other
                            join dbos.workflow_status mine on mine.workflow_uuid = other.run_id
                           where mine.status = 'PENDING' and mine.executor_id = :executorId)
        order by p.crashes, w.priority, w.created_at
        limit 1
          for update of w skip locked),
     claimed as (
       update dbos.workflow_status w
          set status = 'PENDING', executor_id = :executorId, owner_xid = :ownerXid,
              recovery_attempts = w.recovery_attempts + 1, delay_until_epoch_ms = null,
              started_at_epoch_ms = ${NOW_MS}, updated_at = ${NOW_MS}
        where w.workflow_uuid in (select workflow_uuid from due
                                  union all select workflow_uuid from ready
                                  union all select workflow_uuid from probationer)
          and exists (select 1 from breakwater.executor e where e.id = :executorId and e.expires_at > clock_timestamp())
       returning w.workflow_uuid, w.priority, w.created_at)
     select array(select workflow_uuid from claimed order by priority, created_at) as "runIds",
            (select min(w.delay_until_epoch_ms) - ${NOW_MS}
               from dbos.workflow_status w
              where w.status = 'DELAYED' and w.delay_until_epoch_ms > ${NOW_MS} and ${OURS}) as "nextDueMs",
            exists (select 1 from probationers) and exists (
                    select 1
                      from probationers p
                      join dbos.workflow_status w on w.workflow_uuid = p.run_id
                     where w.status = 'ENQUEUED' and ${OURS}) as "probationersWait"`,
    { executorId, ownerXid, limit },
  );
}

/** Tells every claim loop, once the transaction commits, that there is something to claim. A hint: they look anyway. */
export async function notifyClaimers(knex: Knex): Promise<void> {
  await knex.raw(`select pg_notify('${CLAIM_CHANNEL}', '')`);
}
