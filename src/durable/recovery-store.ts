// Orphans and the table breakwater.recovery: runs that dead executors left behind, and how often each was to blame.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRows } from '../postgres/index.ts';
import { NOW_MS } from './database-time.ts';
import { tellDeparture } from './departure-store.ts';
import { PROBATION_FROM } from './poison.ts';
import type { Judgement, Orphan } from './poison.ts';
import { APPLICATION, ENGINE_PROTOCOL, RUN_QUEUE } from './protocol.ts';

/** A run in one of these states did nothing that could bring a process down. */
const RESTING = `('waiting', 'paused', 'held')`;

/** Runs on probation now: the twin of `isOnProbation` in poison.ts. Few or none, so they are found once a statement. */
export const PROBATIONERS = `probationers as materialized (
       select r.run_id, r.crashes
         from breakwater.recovery r
        where r.crashes >= ${PROBATION_FROM} and r.checkpoints = breakwater.checkpoint_count(r.run_id)
          and not exists (select 1 from breakwater.run u where u.id = r.run_id and u.status in ${RESTING}))`;

/** The workflow `w` is executed by nobody who is alive. A lease has half a second's grace: its holder exits before. */
const ORPHANED = `w.status = 'PENDING' and w.application_name = '${APPLICATION}' and w.application_version = '${ENGINE_PROTOCOL}'
     and not exists (select 1
                       from breakwater.executor e
                      where e.id = w.executor_id and e.expires_at > clock_timestamp() - interval '0.5 seconds')`;

const orphanRow = z.object({
  runId: z.string(),
  executorId: z.string(),
  crashes: z.int(),
  progressed: z.boolean(),
  resting: z.boolean(),
});
export type OrphanRow = z.infer<typeof orphanRow> & Orphan;

/**
 * Locks up to `limit` orphans until the transaction ends, executor by executor, probationers last: a row that another sweeper
 * holds is passed over, one that changed hands no longer matches.
 */
export async function lockOrphans(trx: Knex.Transaction, limit: number): Promise<OrphanRow[]> {
  return await selectRows(
    trx,
    orphanRow,
    `with ${PROBATIONERS}
     select w.workflow_uuid as "runId", coalesce(w.executor_id, '') as "executorId",
            coalesce(r.crashes, 0) as crashes,
            r.run_id is not null and r.checkpoints <> breakwater.checkpoint_count(r.run_id) as progressed,
            coalesce(u.status in ${RESTING}, false) as resting
       from dbos.workflow_status w
       left join breakwater.recovery r on r.run_id = w.workflow_uuid
       left join breakwater.run u on u.id = w.workflow_uuid
       left join probationers p on p.run_id = w.workflow_uuid
      where ${ORPHANED}
      order by w.executor_id, p.run_id is not null, w.created_at
      limit ?
        for update of w skip locked`,
    [limit],
  );
}

const deathRow = z.object({
  executorId: z.string(),
  crashed: z.boolean(),
  innocents: z.int(),
  probationers: z.int(),
});
export type DeathRow = z.infer<typeof deathRow>;

/**
 * How these executors ended, and what each left behind in all. A lease that is gone was given up: its holder left of its own
 * will. A lease whose last renewal is older than this Postgres was lost to the database, not to a run.
 */
export async function findDeaths(trx: Knex.Transaction, executorIds: readonly string[]): Promise<DeathRow[]> {
  return await selectRows(
    trx,
    deathRow,
    `with ${PROBATIONERS}
     select coalesce(w.executor_id, '') as "executorId",
            exists (select 1
                      from breakwater.executor e
                     where e.id = w.executor_id and e.heartbeat_at > pg_postmaster_start_time()) as crashed,
            (count(*) filter (where p.run_id is null))::int as innocents,
            (count(*) filter (where p.run_id is not null))::int as probationers
       from dbos.workflow_status w
       left join probationers p on p.run_id = w.workflow_uuid
      where coalesce(w.executor_id, '') = any(?) and ${ORPHANED}
      group by w.executor_id`,
    [[...executorIds]],
  );
}

/** Keeps the new counts, with how far each run has got. */
export async function countCrashes(trx: Knex.Transaction, judgements: readonly Judgement[]): Promise<void> {
  const counted = judgements.flatMap(({ runId, crashes }) => (crashes === undefined ? [] : [{ runId, crashes }]));
  if (counted.length === 0) return;
  await trx.raw(
    `insert into breakwater.recovery (run_id, tenant, crashes, checkpoints)
     select c.run_id, coalesce(u.tenant, '*'), c.crashes, breakwater.checkpoint_count(c.run_id)
       from unnest(?::text[], ?::int[]) as c (run_id, crashes)
       left join breakwater.run u on u.id = c.run_id
         on conflict (run_id) do update
        set crashes = excluded.crashes, checkpoints = excluded.checkpoints, counted_at = clock_timestamp()`,
    [counted.map((each) => each.runId), counted.map((each) => each.crashes)],
  );
}

/** A run that is set aside begins anew when a person releases it. */
export async function forgetCrashes(trx: Knex.Transaction, runIds: readonly string[]): Promise<void> {
  await trx.withSchema('breakwater').table('recovery').whereIn('run_id', runIds).delete();
}

/** Puts orphans that this transaction has locked onto `queue`, each on its own where it has one; owned by nobody. */
export async function enqueueOrphans(trx: Knex.Transaction, runIds: readonly string[], queue?: string): Promise<void> {
  await trx.raw(
    `with left_by as (
       update dbos.workflow_status
          set status = 'ENQUEUED', queue_name = coalesce(?, queue_name, ?), owner_xid = null, started_at_epoch_ms = null,
              updated_at = ${NOW_MS}
        where workflow_uuid = any(?)
       returning workflow_uuid, executor_id)
     ${tellDeparture('run.taken_over')}`,
    [queue ?? null, RUN_QUEUE, [...runIds]],
  );
}
