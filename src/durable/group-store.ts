// The statements of group checkpoints: DBOS's own rows, many at once, each statement a transaction of its own.
import type { ClientBase, Pool, QueryResultRow } from 'pg';

/** What DBOS calls the step that takes a message. */
export const RECV = 'DBOS.recv';

/** A pool, each statement its own transaction; or a client in the transaction of a caller. */
export type Database = Pool | ClientBase;

export interface Look {
  readonly runId: string;
  /** Which step's record to read; null: only the run's status. */
  readonly stepId: number | null;
}

/** What a look found; all null for a run that is not there. */
export interface Sight {
  readonly status: string | null;
  readonly owner_xid: string | null;
  readonly creator_xid: string | null;
  /** Null: nothing is recorded. */
  readonly function_name: string | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly child_workflow_id: string | null;
  readonly serialization: string | null;
}

export interface StepRecord {
  readonly runId: string;
  readonly ownerXid: string;
  readonly stepId: number;
  readonly name: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly childRunId: string | null;
  readonly serialization: string | null;
  readonly startedAt: number;
  readonly completedAt: number;
}

/** A message to take from a topic, and the step that takes it. */
export interface Take {
  readonly runId: string;
  readonly ownerXid: string;
  readonly stepId: number;
  readonly topic: string;
  readonly startedAt: number;
  readonly completedAt: number;
}

/** What a take recorded: the message, or that none was there. */
export interface Taken {
  readonly message: string | null;
  readonly serialization: string | null;
}

export interface RunOutcome {
  readonly runId: string;
  readonly ownerXid: string;
  readonly status: 'SUCCESS' | 'ERROR';
  readonly output: string | null;
  readonly error: string | null;
}

/** A workflow that begins at once in this process: the columns that such a start fills. */
export interface RunStart {
  readonly runId: string;
  readonly ownerXid: string;
  readonly name: string;
  readonly className: string | null;
  readonly configName: string | null;
  readonly user: string;
  readonly role: string;
  readonly roles: string;
  readonly executorId: string;
  readonly version: string | null;
  readonly applicationId: string;
  readonly application: string | null;
  readonly priority: number;
  readonly deadlineMs: number | null;
  readonly timeoutMs: number | null;
  readonly serialization: string | null;
  readonly input: string | null;
}

const LOOK = `
  select s.status, s.owner_xid, s.creator_xid, o.function_name, o.output, o.error, o.child_workflow_id, o.serialization
    from unnest($1::text[], $2::int[]) with ordinality as look (run, step, n)
    left join dbos.workflow_status s on s.workflow_uuid = look.run
    left join dbos.operation_outputs o on o.workflow_uuid = look.run and o.function_id = look.step
   order by look.n`;

export async function lookMany(pool: Pool, looks: readonly Look[]): Promise<Sight[]> {
  return await prepared<Sight>(pool, 'look', LOOK, looks.length, [
    looks.map(({ runId }) => runId),
    looks.map(({ stepId }) => stepId),
  ]);
}

// The share lock keeps every owner it names until the commit, as DBOS's own lock does, but lets steps of one run commit together;
// a row that someone changes right now is skipped, or the whole group would wait for it. Told is only what was not recorded.
const recordText = (repeated: string, owning = ''): string => `
  with item as (
    select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[])
             with ordinality as i (run, owner, step, name, output, error, child, serialization, started_at, completed_at, n)
  ), owned as (
    select s.workflow_uuid as run, s.owner_xid as owner
      from dbos.workflow_status s
     where s.workflow_uuid = any($1::text[]) and s.owner_xid = any($2::text[]) ${owning}
     order by s.workflow_uuid
       for share skip locked
  ), recorded as (
    insert into dbos.operation_outputs as o
           (workflow_uuid, function_id, function_name, output, error, child_workflow_id, serialization,
            started_at_epoch_ms, completed_at_epoch_ms, application_name, retention_timestamp)
    select run, step, name, output, error, child, serialization, started_at, completed_at, $11::text, (extract(epoch from now()) * 1000)::bigint
      from item join owned using (run, owner)
     order by run, step
        on conflict (workflow_uuid, function_id) ${repeated}
    returning workflow_uuid as run, function_id as step, completed_at_epoch_ms as completed_at
  )
  select item.n::int
    from item left join recorded using (run, step)
   where recorded.completed_at is distinct from item.completed_at`;

const RECORD = recordText('do update set completed_at_epoch_ms = o.completed_at_epoch_ms');
// A cancel in DBOS is seen here, so that no look before the work is needed: what is not recorded is rolled back.
const RECORD_ONCE = recordText('do nothing', `and s.status = 'PENDING'`);

/** True for each record that is committed, by this statement or by an earlier one whose answer was lost. */
export async function recordMany(
  pool: Pool,
  application: string | undefined,
  records: readonly StepRecord[],
): Promise<boolean[]> {
  return await record(pool, application, records, { name: 'record', text: RECORD });
}

/** In the transaction that did the step's work: true when this statement inserted the record, false when there was one or the run is not ours. */
export async function recordOnce(
  client: ClientBase,
  application: string | undefined,
  step: StepRecord,
): Promise<boolean> {
  const [isRecorded = false] = await record(client, application, [step], { name: 'record.once', text: RECORD_ONCE });
  return isRecorded;
}

async function record(
  database: Database,
  application: string | undefined,
  records: readonly StepRecord[],
  { name, text }: { readonly name: string; readonly text: string },
): Promise<boolean[]> {
  const missing = await prepared<{ n: number }>(database, name, text, records.length, [
    records.map(({ runId }) => runId),
    records.map((each) => each.ownerXid),
    records.map((each) => each.stepId),
    records.map((each) => each.name),
    records.map((each) => each.output),
    records.map((each) => each.error),
    records.map((each) => each.childRunId),
    records.map((each) => each.serialization),
    records.map((each) => each.startedAt),
    records.map((each) => each.completedAt),
    application ?? null,
  ]);
  const isMissing = new Set(missing.map(({ n }) => n));
  return records.map((_, at) => !isMissing.has(at + 1));
}

// The message and the record of its taking are one statement. A step that is recorded already must take nothing: it is left out, and one that
// is recorded at this very moment refuses the whole statement, so that no message is ever consumed without its record.
const TAKE = `
  with item as (
    select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[]) as i (run, owner, step, topic, started_at, completed_at)
  ), owned as (
    select s.workflow_uuid as run, s.owner_xid as owner
      from dbos.workflow_status s
     where s.workflow_uuid = any($1::text[]) and s.owner_xid = any($2::text[])
     order by s.workflow_uuid
       for share skip locked
  ), due as (
    select item.*
      from item join owned using (run, owner)
     where not exists (select 1 from dbos.operation_outputs o where o.workflow_uuid = item.run and o.function_id = item.step)
  ), oldest as (
    select due.run, due.step, message.message_uuid
      from due cross join lateral (select message_uuid
                                     from dbos.notifications
                                    where destination_uuid = due.run and topic = due.topic and consumed = false
                                    order by created_at_epoch_ms
                                    limit 1) message
  ), consumed as (
    update dbos.notifications n
       set consumed = true, consumed_by_function_id = oldest.step
      from oldest
     where n.message_uuid = oldest.message_uuid and n.consumed = false
    returning n.destination_uuid as run, n.consumed_by_function_id as step, n.message, n.serialization
  ), recorded as (
    insert into dbos.operation_outputs
           (workflow_uuid, function_id, function_name, output, error, child_workflow_id, serialization,
            started_at_epoch_ms, completed_at_epoch_ms, application_name, retention_timestamp)
    select run, step, $7::text, message, null, null, serialization, started_at, completed_at, $8::text, (extract(epoch from now()) * 1000)::bigint
      from due left join consumed using (run, step)
     order by run, step
    returning workflow_uuid as run, function_id as step, output as message, serialization
  )
  select run, step, message, serialization from recorded`;

/** What each take took and recorded. Undefined where nothing was done. */
export async function takeMany(
  pool: Pool,
  application: string | undefined,
  takes: readonly Take[],
): Promise<(Taken | undefined)[]> {
  const rows = await prepared<Taken & { run: string; step: number }>(pool, 'take', TAKE, takes.length, [
    takes.map(({ runId }) => runId),
    takes.map(({ ownerXid }) => ownerXid),
    takes.map(({ stepId }) => stepId),
    takes.map(({ topic }) => topic),
    takes.map(({ startedAt }) => startedAt),
    takes.map(({ completedAt }) => completedAt),
    RECV,
    application ?? null,
  ]);
  const taken = new Map(
    rows.map(({ run, step, message, serialization }) => [`${step} ${run}`, { message, serialization }]),
  );
  return takes.map(({ runId, stepId }) => taken.get(`${stepId} ${runId}`));
}

/** SQL: those of the runs $1 that still run under their tokens $2, their rows locked until the commit; one that someone changes is skipped. */
export const OWNED_TO_END = `owned as (
    select s.workflow_uuid as run, s.owner_xid as owner
      from dbos.workflow_status s
     where s.workflow_uuid = any($1::text[]) and s.owner_xid = any($2::text[]) and s.status = 'PENDING'
     order by s.workflow_uuid
       for no key update skip locked
  )`;

// Two writes under one lock, as DBOS makes them: the outcome belongs to a run that is still running under this token.
const FINISH = `
  with item as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as i (run, owner, status, output, error)
  ), ${OWNED_TO_END}, finished as (
    update dbos.workflow_status s
       set status = item.status, owner_xid = null, deduplication_id = null,
           updated_at = (extract(epoch from now()) * 1000)::bigint, completed_at = (extract(epoch from now()) * 1000)::bigint
      from item join owned using (run, owner)
     where s.workflow_uuid = item.run and s.owner_xid = item.owner and s.status = 'PENDING'
    returning s.workflow_uuid as run
  ), kept as (
    insert into dbos.workflow_output (workflow_uuid, output, error)
    select run, output, error from item join finished using (run) order by run
        on conflict (workflow_uuid) do update set output = excluded.output, error = excluded.error
  )
  select run from finished`;

/** True for each outcome that this statement wrote. */
export async function finishMany(pool: Pool, outcomes: readonly RunOutcome[]): Promise<boolean[]> {
  const finished = await prepared<{ run: string }>(pool, 'finish', FINISH, outcomes.length, [
    outcomes.map(({ runId }) => runId),
    outcomes.map(({ ownerXid }) => ownerXid),
    outcomes.map(({ status }) => status),
    outcomes.map(({ output }) => output),
    outcomes.map(({ error }) => error),
  ]);
  const runs = new Set(finished.map(({ run }) => run));
  return outcomes.map(({ runId }) => runs.has(runId));
}

/**
 * Rows of somebody else's that are written together with those of the workflows, one for each: only what the statement returns as
 * `run` is started, or ended. One companion has one text.
 */
export interface Companion<Row> {
  /** Of the prepared statement. */
  readonly name: string;
  /** An `insert` or `update … returning … as run`; its values are parameters from `first` on. */
  readonly text: (first: number) => string;
  readonly values: (rows: readonly Row[]) => readonly unknown[];
  /** Rows that differ in this go in statements of their own. */
  readonly apartBy?: (row: Row) => string;
  /** A row's part in the size of a statement, in characters. Default 0. */
  readonly weightOf?: (row: Row) => number;
}

/** Companions' parameters follow those of the workflows. */
const FIRST_OF_COMPANION = 18;

// A row that is there already is left to DBOS, which knows whose it is.
const startText = <Row>(companion?: Companion<Row>): string => `
  with item as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[], $12::text[], $13::int[], $14::bigint[], $15::bigint[], $16::text[], $17::text[])
             as i (run, token, name, class, config, "user", role, roles, executor, version, app_id, app, priority, deadline, timeout, serialization, input)
  )${companion ? `, admitted as (${companion.text(FIRST_OF_COMPANION)})` : ''}, started as (
    insert into dbos.workflow_status
           (workflow_uuid, status, name, class_name, config_name, authenticated_user, assumed_role, authenticated_roles,
            executor_id, application_version, application_id, application_name, recovery_attempts, priority,
            workflow_deadline_epoch_ms, workflow_timeout_ms, serialization, creator_xid, owner_xid, is_debounced)
    select run, 'PENDING', name, class, config, "user", role, roles,
           executor, version, app_id, app, 1, priority, deadline, timeout, serialization, token, token, false
      from item ${companion ? 'join admitted using (run) order by run' : 'order by run on conflict (workflow_uuid) do nothing'}
    returning workflow_uuid as run
  ), kept as (
    insert into dbos.workflow_input (workflow_uuid, inputs)
    select run, input from item join started using (run) order by run
        on conflict (workflow_uuid) do nothing
  )
  select run from started`;

const START = startText();

/**
 * True for each run whose rows this statement inserted. With a companion a workflow that is there already refuses the whole
 * statement: no row comes without its other.
 */
export async function startMany<Row>(
  database: Database,
  starts: readonly (RunStart & { readonly row?: Row })[],
  companion?: Companion<Row>,
): Promise<boolean[]> {
  const statement = companion ? `start.${companion.name}` : 'start';
  const started = await prepared<{ run: string }>(
    database,
    statement,
    companion ? startText(companion) : START,
    starts.length,
    [
      starts.map(({ runId }) => runId),
      starts.map(({ ownerXid }) => ownerXid),
      starts.map(({ name }) => name),
      starts.map(({ className }) => className),
      starts.map(({ configName }) => configName),
      starts.map(({ user }) => user),
      starts.map(({ role }) => role),
      starts.map(({ roles }) => roles),
      starts.map(({ executorId }) => executorId),
      starts.map(({ version }) => version),
      starts.map(({ applicationId }) => applicationId),
      starts.map(({ application }) => application),
      starts.map(({ priority }) => priority),
      starts.map(({ deadlineMs }) => deadlineMs),
      starts.map(({ timeoutMs }) => timeoutMs),
      starts.map(({ serialization }) => serialization),
      starts.map(({ input }) => input),
      ...(companion ? companion.values(starts.flatMap(({ row }) => row ?? [])) : []),
    ],
  );
  const runs = new Set(started.map(({ run }) => run));
  return starts.map(({ runId }) => runs.has(runId));
}

const served = new Map<string, number>();

// A prepared statement is planned once a connection, for tables as small as they were then. The name changes each time the number of
// items doubles: some twenty plans in a process's life, none of them for a table that has grown tenfold since.
export async function prepared<Row extends QueryResultRow>(
  database: Database,
  name: string,
  text: string,
  items: number,
  values: unknown[],
): Promise<Row[]> {
  const total = (served.get(name) ?? 0) + items;
  served.set(name, total);
  const { rows } = await database.query<Row>({
    name: `breakwater.${name}.${Math.floor(Math.log2(total))}`,
    text,
    values,
  });
  return rows;
}
