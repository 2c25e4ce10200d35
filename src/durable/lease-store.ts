// The table breakwater.executor: who is alive. All times are the database's.
import type { Knex } from 'knex';
import { NOW_MS } from './database-time.ts';
import { ENGINE_PROTOCOL } from './protocol.ts';

export interface ExecutorIdentity {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly role: string;
}

/** What an executor tells of itself with each heartbeat. */
export interface Vitals {
  readonly slots: { readonly used: number; readonly queued: number; readonly capacity: number };
  /** How far its machine's clock is ahead of the database's. */
  readonly clockSkewMs: number;
}

export interface ExecutorRow extends ExecutorIdentity {
  readonly protocol: string;
  readonly started_at: Date;
  readonly heartbeat_at: Date;
  readonly expires_at: Date;
  readonly slots_used: number;
  readonly slots_queued: number;
  readonly slots_capacity: number;
  readonly clock_skew_ms: number;
}

export async function insertLease(
  knex: Knex,
  { id, host, pid, role }: ExecutorIdentity,
  ttlMs: number,
  vitals: Vitals,
): Promise<void> {
  await knex
    .withSchema('breakwater')
    .table('executor')
    .insert({
      id,
      host,
      pid,
      role,
      protocol: ENGINE_PROTOCOL,
      expires_at: ttlFromNow(knex, ttlMs),
      ...columnsOf(vitals),
    });
}

/** False when the lease has already run out: others may own our runs. */
export async function renewLease(knex: Knex, id: string, ttlMs: number, vitals: Vitals): Promise<boolean> {
  const renewed = await knex
    .withSchema('breakwater')
    .table('executor')
    .update({ heartbeat_at: knex.raw('clock_timestamp()'), expires_at: ttlFromNow(knex, ttlMs), ...columnsOf(vitals) })
    .where({ id })
    .whereRaw('expires_at > clock_timestamp()');
  return renewed === 1;
}

function ttlFromNow(knex: Knex, ttlMs: number): Knex.Raw {
  return knex.raw(`clock_timestamp() + ? * interval '1 millisecond'`, [ttlMs]);
}

function columnsOf({ slots, clockSkewMs }: Vitals) {
  return {
    slots_used: slots.used,
    slots_queued: slots.queued,
    slots_capacity: slots.capacity,
    clock_skew_ms: Math.round(clockSkewMs),
  };
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
    .select<ExecutorRow[]>()
    .whereRaw('expires_at > clock_timestamp()')
    .orderBy('started_at');
}

/** Runs that `executorId` owns, with their owner tokens: what the audit compares with what really runs. */
export async function listOwned(knex: Knex, executorId: string): Promise<{ runId: string; ownerXid: string }[]> {
  const result = await knex.raw<{ rows: { run_id: string; owner_xid: string }[] }>(
    `select workflow_uuid as run_id, owner_xid
       from dbos.workflow_status
      where status = 'PENDING' and executor_id = ? and owner_xid is not null
        and updated_at < ${NOW_MS} - 3000`,
    [executorId],
  );
  return result.rows.map((row) => ({ runId: row.run_id, ownerXid: row.owner_xid }));
}
