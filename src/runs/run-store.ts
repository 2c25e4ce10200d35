// The table breakwater.run and its views: inserting, moving, ending, reading.
import type { Knex } from 'knex';
import type { NodeStatus } from '../definitions/index.ts';
import { isFinal } from './runs.ts';
import type { Cause, CompensationSummary, Priority, RunFilter, RunStatus } from './runs.ts';
import type { Companion } from '../durable/index.ts';
import type { Failure, Json } from '../kernel/index.ts';

export interface RunRow {
  readonly id: string;
  readonly tenant: string;
  readonly workflow: string;
  readonly version: string;
  readonly hash: string;
  readonly input: Json;
  readonly status: RunStatus;
  readonly cause: Cause | null;
  readonly phase: string | null;
  readonly progress: number;
  readonly waiting_for: string | null;
  readonly output: Json;
  readonly error: (Partial<Failure> & { code: string; message: string; node?: string; remedy?: string }) | null;
  readonly compensation: CompensationSummary | null;
  readonly priority: Priority;
  readonly labels: Record<string, string>;
  readonly requester: string;
  readonly sandboxed: boolean;
  readonly control: unknown;
  readonly epochs: Readonly<Record<string, number>>;
  readonly decisions: unknown;
  readonly forked_from: string | null;
  readonly inherited: readonly string[];
  readonly changes: unknown;
  readonly idempotency_key: string | null;
  readonly request_digest: string;
  readonly parent_run: string | null;
  readonly parent_node: string | null;
  readonly traceparent: string | null;
  readonly created_at: Date;
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

export interface NewRun {
  readonly id: string;
  readonly tenant: string;
  readonly workflow: string;
  readonly version: string;
  readonly hash: string;
  readonly input: Json;
  readonly status: RunStatus;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  readonly requester: string;
  readonly sandboxed: boolean;
  readonly idempotencyKey: string | null;
  readonly requestDigest: string;
  /** Database time. */
  readonly startedAt: Date;
  /** Where in a trace it was asked for; null: its trace is its own. */
  readonly traceparent: string | null;
}

/**
 * The rows of runs of one tenant, in the statement that starts their workflows. A run whose idempotency key is taken is left out.
 * The statement itself says whose rows it writes: a transaction around it would cost three more answers.
 */
export const RUN_COMPANION: Companion<NewRun> = {
  name: 'run',
  text: (first) => `
    insert into breakwater.run
           (id, tenant, workflow, version, hash, input, status, priority, labels, requester, sandboxed, idempotency_key, request_digest, started_at,
            traceparent)
    select id, tenant, workflow, version, hash, input, status, priority, labels, requester, sandboxed, "idempotencyKey", "requestDigest", "startedAt",
           traceparent
      from json_to_recordset($${first}::json) as said (
             id text, tenant text, workflow text, version text, hash text, input json, status text, priority text, labels jsonb,
             requester text, sandboxed boolean, "idempotencyKey" text, "requestDigest" text, "startedAt" timestamptz,
             traceparent text)
     where set_config('breakwater.tenant', $${first + 1}, true) = tenant
        on conflict (tenant, idempotency_key) where idempotency_key is not null do nothing
    returning id as run`,
  values: (rows) => [JSON.stringify(rows), rows[0]?.tenant],
  apartBy: ({ tenant }) => tenant,
};

export interface DoneRow {
  readonly id: string;
  /** JSON. */
  readonly output: string;
}

/** The rows of runs that end as done, in the statement that ends their workflows. A run is left out of which something is asked. */
export const DONE_COMPANION: Companion<DoneRow> = {
  name: 'run',
  text: (first) => `
    update breakwater.run as run
       set status = 'succeeded', cause = null, output = said.output::json, error = null, compensation = null, progress = 100,
           phase = null, waiting_for = null, finished_at = clock_timestamp(), updated_at = clock_timestamp()
      from unnest($${first}::text[], $${first + 1}::text[]) as said (id, output)
      join owned on owned.run = said.id
      join (select id from breakwater.run where id = any($${first}::text[]) and control is null order by id for no key update skip locked) free
        on free.id = said.id
     where run.id = said.id
    returning run.id as run`,
  values: (rows) => [rows.map(({ id }) => id), rows.map(({ output }) => output)],
  weightOf: ({ output }) => output.length,
};

/** False when the idempotency key already names a run: nothing was inserted. */
export async function insertRun(trx: Knex.Transaction, run: NewRun): Promise<boolean> {
  const inserted = await trx
    .withSchema('breakwater')
    .table('run')
    .insert({
      id: run.id,
      tenant: run.tenant,
      workflow: run.workflow,
      version: run.version,
      hash: run.hash,
      input: JSON.stringify(run.input),
      status: run.status,
      priority: run.priority,
      labels: JSON.stringify(run.labels),
      requester: run.requester,
      sandboxed: run.sandboxed,
      idempotency_key: run.idempotencyKey,
      request_digest: run.requestDigest,
      started_at: run.startedAt,
      traceparent: run.traceparent,
    })
    .onConflict(trx.raw('(tenant, idempotency_key) where idempotency_key is not null'))
    .ignore()
    .returning('id');
  return inserted.length > 0;
}

export async function findByIdempotencyKey(knex: Knex, tenant: string, key: string): Promise<RunRow | undefined> {
  return await runs(knex).first<RunRow>('*').where({ tenant, idempotency_key: key });
}

export async function findRun(knex: Knex, tenant: string, id: string): Promise<RunRow | undefined> {
  return await runs(knex).first<RunRow>('*').where({ tenant, id });
}

/** For the engine, which knows a run by its id alone. */
export async function loadRun(knex: Knex, id: string): Promise<RunRow> {
  const row = await runs(knex).first<RunRow>('*').where({ id });
  if (!row) throw new Error(`run ${id} has a workflow but no row`);
  return row;
}

/** A run that waited for a worker begins now; one that has begun is left as it is. */
export async function markBegun(knex: Knex, id: string): Promise<void> {
  await runs(knex)
    .where({ id, status: 'queued' })
    .update({
      status: 'running',
      started_at: knex.raw('clock_timestamp()'),
      updated_at: knex.raw('clock_timestamp()'),
    });
}

/** Locks the row until the transaction ends: lock, check, write. */
export async function lockRun(trx: Knex.Transaction, tenant: string, id: string): Promise<RunRow | undefined> {
  return await runs(trx).first<RunRow>('*').where({ tenant, id }).forUpdate();
}

export interface Movement {
  readonly percentage: number;
  readonly phase: string | null;
  readonly waitingFor: string | null;
}

/** Idempotent and never backwards, so an execution that lost its run may repeat it without harm. */
export async function saveMovement(knex: Knex, id: string, { percentage, phase, waitingFor }: Movement): Promise<void> {
  await runs(knex)
    .where({ id })
    .whereIn('status', ['running', 'waiting'])
    .where('progress', '<=', percentage)
    .update({
      progress: percentage,
      phase,
      waiting_for: waitingFor,
      status: waitingFor === null ? 'running' : 'waiting',
      updated_at: knex.raw('clock_timestamp()'),
    });
}

export interface RunMovement extends Movement {
  readonly id: string;
}

/** As {@link saveMovement}, for many runs at once. False for each whose row is locked: nothing was said of it. */
export async function saveMovements(knex: Knex, movements: readonly RunMovement[]): Promise<boolean[]> {
  const { rows } = await knex.raw<{ rows: { id: string }[] }>(
    `with free as (
       select id from breakwater.run where id = any(?::text[]) order by id for no key update skip locked
     ), moved as (
       update breakwater.run as run
          set progress = said.percentage, phase = said.phase, waiting_for = said."waitingFor",
              status = case when said."waitingFor" is null then 'running' else 'waiting' end, updated_at = clock_timestamp()
         from jsonb_to_recordset(?::jsonb) as said (id text, percentage int, phase text, "waitingFor" text) join free using (id)
        where run.id = said.id and run.status in ('running', 'waiting') and run.progress <= said.percentage
     )
     select id from free`,
    [movements.map(({ id }) => id), JSON.stringify(movements)],
  );
  const told = new Set(rows.map(({ id }) => id));
  return movements.map(({ id }) => told.has(id));
}

export async function saveHeld(
  knex: Knex,
  id: string,
  { cause, error, why }: { cause: Cause; error: RunRow['error']; why: string },
): Promise<void> {
  await runs(knex)
    .where({ id })
    .whereIn('status', ['running', 'waiting'])
    .update({
      status: 'held',
      cause,
      error: error === null ? null : JSON.stringify(error),
      waiting_for: why,
      updated_at: knex.raw('clock_timestamp()'),
    });
}

export async function saveCompensating(knex: Knex, id: string, cause: Cause): Promise<void> {
  await runs(knex)
    .where({ id })
    .whereIn('status', ['running', 'waiting', 'paused', 'held'])
    .update({ status: 'compensating', cause, waiting_for: null, updated_at: knex.raw('clock_timestamp()') });
}

export interface RunEnd {
  readonly status: RunStatus;
  readonly cause: Cause | null;
  readonly output: Json;
  readonly error: RunRow['error'];
  readonly compensation: CompensationSummary | null;
  readonly progress: number;
}

export async function finishRun(
  trx: Knex.Transaction,
  run: { id: string; tenant: string },
  end: RunEnd,
): Promise<void> {
  if (!isFinal(end.status)) throw new TypeError(`${end.status} does not end a run`);
  await runs(trx)
    .where({ id: run.id })
    .update({
      status: end.status,
      cause: end.cause,
      output: JSON.stringify(end.output),
      error: end.error === null ? null : JSON.stringify(end.error),
      compensation: end.compensation === null ? null : JSON.stringify(end.compensation),
      progress: end.progress,
      phase: null,
      waiting_for: null,
      finished_at: trx.raw('clock_timestamp()'),
      updated_at: trx.raw('clock_timestamp()'),
    });
}

/** A defect: nobody runs it until a person releases it. */
export async function markStuck(trx: Knex.Transaction, id: string, error: RunRow['error']): Promise<void> {
  await runs(trx)
    .where({ id })
    .whereNull('finished_at')
    .update({
      status: 'stuck',
      error: JSON.stringify(error),
      waiting_for: null,
      updated_at: trx.raw('clock_timestamp()'),
    });
}

export interface RunsBefore extends RunFilter {
  readonly limit: number;
  readonly before?: { readonly at: string; readonly id: string };
}

/** Newest first. Which they are is found first, so that what is searched for need not be looked for in whole rows. */
export async function listRuns(
  knex: Knex,
  tenant: string,
  filter: RunsBefore,
): Promise<(RunRow & { readonly position: string })[]> {
  return await newestFirst(runs(knex))
    .select<(RunRow & { readonly position: string })[]>('*', knex.raw('created_at::text as position'))
    .whereIn('id', newestFirst(matchingRuns(knex, tenant, filter).select('id')).limit(filter.limit));
}

/** Of the runs that a filter finds, as whoever asks wants them. */
export function matchingRuns(knex: Knex, tenant: string, filter: Omit<RunsBefore, 'limit'>) {
  return matching(runs(knex).where({ tenant }), filter);
}

/** How many a filter finds; it stops counting at `most`. */
export async function countRuns(knex: Knex, tenant: string, filter: RunFilter, most: number): Promise<number> {
  const found = matchingRuns(knex, tenant, filter).select('id').limit(most).as('found');
  const row = await knex.from(found).count<{ count: string }[]>('* as count').first();
  return Number(row?.count ?? 0);
}

function newestFirst<Query extends Knex.QueryBuilder>(query: Query): Query {
  void query.orderBy([
    { column: 'created_at', order: 'desc' },
    { column: 'id', order: 'desc' },
  ]);
  return query;
}

function matching<Query extends Knex.QueryBuilder>(query: Query, filter: Omit<RunsBefore, 'limit'>): Query {
  const { workflow, status, labels, since, until, before, q } = filter;
  if (workflow !== undefined) void query.where('workflow', workflow);
  if (status !== undefined) void query.whereIn('status', [...status]);
  if (labels !== undefined) void query.whereRaw('labels @> ?::jsonb', [JSON.stringify(labels)]);
  if (since !== undefined) void query.where('created_at', '>=', since);
  if (until !== undefined) void query.where('created_at', '<', until);
  if (before !== undefined) void query.whereRaw('(created_at, id) < (?::timestamptz, ?)', [before.at, before.id]);
  if (q !== undefined)
    void query.whereRaw('searched like ?', [`%${q.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`]);
  return failedWith(query, filter);
}

function failedWith<Query extends Knex.QueryBuilder>(query: Query, { errorCode, node }: RunFilter): Query {
  if (errorCode !== undefined || node !== undefined) void query.whereNotNull('error');
  if (errorCode !== undefined) void query.whereRaw(`error ->> 'code' = ?`, [errorCode]);
  if (node !== undefined) {
    void query.whereRaw(`(error ->> 'node' = ? or starts_with(error ->> 'node', ?))`, [node, `${node}.`]);
  }
  return query;
}

export interface ActivityRow {
  readonly node: string;
  readonly status: NodeStatus;
  readonly attempts: string;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

/** One row a node of the run, in document order. */
export async function listActivities(knex: Knex, runId: string): Promise<ActivityRow[]> {
  return await knex
    .withSchema('breakwater')
    .table('activity_status')
    .select<ActivityRow[]>('node', 'status', 'attempts', 'started_at', 'finished_at')
    .where('run', runId)
    .orderBy('position');
}

export async function executorOf(knex: Knex, runId: string): Promise<string | undefined> {
  const row = await knex
    .withSchema('breakwater')
    .table('run_status')
    .first<{ executor: string | null }>('executor')
    .where('id', runId);
  return row?.executor ?? undefined;
}

function runs(knex: Knex) {
  return knex.withSchema('breakwater').table('run');
}
