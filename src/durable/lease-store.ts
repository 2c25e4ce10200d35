// The table breakwater.executor: who is alive. All times are the database's.
import type { Knex } from 'knex';
import { APPLICATION, ENGINE_PROTOCOL, RUN_QUEUE } from './protocol.ts';

export interface ExecutorRow {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly role: string;
  readonly protocol: string;
  readonly started_at: Date;
  readonly heartbeat_at: Date;
  readonly expires_at: Date;
}

export async function insertLease(
  knex: Knex,
  lease: { id: string; host: string; pid: number; role: string },
  ttlMs: number,
): Promise<void> {
  await knex.raw(
    `insert into breakwater.executor (id, host, pid, role, protocol, expires_at)
     values (?, ?, ?, ?, ?, clock_timestamp() + ? * interval '1 millisecond')`,
    [lease.id, lease.host, lease.pid, lease.role, ENGINE_PROTOCOL, ttlMs],
  );
}

/** False when the lease has already run out: others may own our runs. */
export async function renewLease(knex: Knex, id: string, ttlMs: number): Promise<boolean> {
  const result = await knex.raw<{ rowCount: number }>(
    `update breakwater.executor
        set heartbeat_at = clock_timestamp(), expires_at = clock_timestamp() + ? * interval '1 millisecond'
      where id = ? and expires_at > clock_timestamp()`,
    [ttlMs, id],
  );
  return result.rowCount === 1;
}

export async function deleteLease(knex: Knex, id: string): Promise<void> {
  await knex.withSchema('breakwater').table('executor').where({ id }).delete();
}

/** Rows of executors that have been gone for an hour tell nobody anything. */
export async function deleteDeadLeases(knex: Knex): Promise<void> {
  await knex.raw(`delete from breakwater.executor where expires_at < clock_timestamp() - interval '1 hour'`);
}

export async function listExecutors(knex: Knex): Promise<ExecutorRow[]> {
  return await knex
    .withSchema('breakwater')
    .table('executor')
    .select<ExecutorRow[]>('id', 'host', 'pid', 'role', 'protocol', 'started_at', 'heartbeat_at', 'expires_at')
    .whereRaw('expires_at > clock_timestamp()')
    .orderBy('started_at');
}

/**
 * Re-enqueues up to `limit` runs whose executor holds no live lease. Any number of sweepers may run it at once:
 * a locked row is another sweeper's, a row that changed hands no longer matches. Returns the runs' ids.
 */
export async function reenqueueOrphans(knex: Knex, limit: number): Promise<string[]> {
  const result = await knex.raw<{ rows: { workflow_uuid: string }[] }>(
    `update dbos.workflow_status
        set status = 'ENQUEUED', queue_name = coalesce(queue_name, ?), owner_xid = null, started_at_epoch_ms = null,
            updated_at = (extract(epoch from clock_timestamp()) * 1000)::bigint
      where workflow_uuid in (
              select w.workflow_uuid
                from dbos.workflow_status w
               where w.status = 'PENDING' and w.application_name = ? and w.application_version = ?
                 and not exists (select 1
                                   from breakwater.executor e
                                  where e.id = w.executor_id and e.expires_at > clock_timestamp() - interval '0.5 seconds')
               order by w.created_at
               limit ?
                 for update skip locked)
      returning workflow_uuid`,
    [RUN_QUEUE, APPLICATION, ENGINE_PROTOCOL, limit],
  );
  return result.rows.map((row) => row.workflow_uuid);
}

/** Runs that `executorId` owns, with their owner tokens: what the audit compares with what really runs. */
export async function listOwned(knex: Knex, executorId: string): Promise<{ runId: string; ownerXid: string }[]> {
  const result = await knex.raw<{ rows: { run_id: string; owner_xid: string }[] }>(
    `select workflow_uuid as run_id, owner_xid
       from dbos.workflow_status
      where status = 'PENDING' and executor_id = ? and owner_xid is not null
        and updated_at < (extract(epoch from clock_timestamp()) * 1000)::bigint - 3000`,
    [executorId],
  );
  return result.rows.map((row) => ({ runId: row.run_id, ownerXid: row.owner_xid }));
}
