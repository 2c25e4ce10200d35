// What the rig reads from the app's database, past every proxy and without changing anything.
import type pg from 'pg';
import type { ApprovalFact, AttemptsFact, RunFact } from './facts.ts';

const FINAL = ['succeeded', 'failed', 'compensated', 'rejected', 'cancelled', 'compensation_failed', 'stuck'];

export interface PendingApproval {
  readonly id: string;
  readonly run: string;
}

export interface ExecutorRow {
  readonly id: string;
  readonly pid: number;
  readonly expiresAt: number;
  readonly live: boolean;
}

export interface OwnedRow {
  readonly run: string;
  readonly state: string;
  readonly executor: string | null;
}

/** Of these runs, those that have ended or are stuck. */
export async function loadEnded(pool: pg.Pool, ids: readonly string[]): Promise<{ id: string; status: string }[]> {
  const { rows } = await pool.query<{ id: string; status: string }>(
    'select id, status from breakwater.run where id = any($1) and status = any($2)',
    [ids, FINAL],
  );
  return rows;
}

export async function loadWaiting(pool: pg.Pool, ids: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from breakwater.run where id = any($1) and status = 'waiting'`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

export async function loadPendingApprovals(pool: pg.Pool): Promise<PendingApproval[]> {
  const { rows } = await pool.query<PendingApproval>(
    `select id, run_id as run from breakwater.approval where status = 'pending'`,
  );
  return rows;
}

export async function loadExecutors(pool: pg.Pool): Promise<ExecutorRow[]> {
  const { rows } = await pool.query<ExecutorRow>(
    `select id, pid, (extract(epoch from expires_at) * 1000)::float8 as "expiresAt",
            expires_at > clock_timestamp() as live
       from breakwater.executor`,
  );
  return rows;
}

/** The ids of the runs that an executor owns. */
export async function loadOwned(pool: pg.Pool, executor: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select workflow_uuid as id from dbos.workflow_status where status = 'PENDING' and executor_id = $1`,
    [executor],
  );
  return rows.map(({ id }) => id);
}

export async function loadOwners(pool: pg.Pool, ids: readonly string[]): Promise<OwnedRow[]> {
  const { rows } = await pool.query<OwnedRow>(
    `select workflow_uuid as run, status as state, executor_id as executor
       from dbos.workflow_status
      where workflow_uuid = any($1)`,
    [ids],
  );
  return rows;
}

export async function loadRuns(pool: pg.Pool): Promise<RunFact[]> {
  const { rows } = await pool.query<RunFact>(
    `select r.id, r.workflow, r.status, r.cause, r.idempotency_key as "idempotencyKey", coalesce(w.status, 'none') as state,
            w.queue_name as queue, w.executor_id as executor, coalesce(w.recovery_attempts, 0)::int as claims
       from breakwater.run r
       left join dbos.workflow_status w on w.workflow_uuid = r.id`,
  );
  return rows;
}

export async function loadApprovals(pool: pg.Pool): Promise<ApprovalFact[]> {
  const { rows } = await pool.query<ApprovalFact>(
    `select a.id, a.run_id as run, a.status, count(d.*) filter (where d.via <> 'timeout')::int as decisions
       from breakwater.approval a
       left join breakwater.approval_decision d on d.approval_id = a.id
      group by a.id`,
  );
  return rows;
}

/** By key: how many attempts are on record. */
export async function loadAttempts(pool: pg.Pool): Promise<AttemptsFact[]> {
  const { rows } = await pool.query<AttemptsFact>(
    `select c.value ->> 'key' as key, count(*)::int as attempts
       from dbos.operation_outputs o
      cross join lateral (select breakwater.checkpoint(o.output) as value) c
      where c.value ->> 'attempt' is not null and c.value ->> 'key' is not null
      group by 1`,
  );
  return rows;
}

/** Ends the sessions that listen for notifications. How many there were. */
export async function endListeners(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %' and pid <> pg_backend_pid()`,
  );
  return rowCount ?? 0;
}
