// The statement that ends runs whose work is done: a row of the caller's, the record of the last step and DBOS's outcome, many runs at once.
import { OWNED_TO_END, prepared } from './group-store.ts';
import type { Companion, Database } from './group-store.ts';

/** A workflow that succeeds with the step that says so. */
export interface RunEnding {
  readonly runId: string;
  readonly ownerXid: string;
  readonly stepId: number;
  readonly name: string;
  /** Of the step. */
  readonly output: string | null;
  /** Of the workflow. */
  readonly result: string | null;
  readonly startedAt: number;
  readonly completedAt: number;
}

/** Companions' parameters follow those of the workflows. */
const FIRST_OF_COMPANION = 10;

// All three are written, or none: the companion says `owned (run)` whose ends it admits. A step that is recorded already refuses the whole
// statement.
const endText = <Row>(companion: Companion<Row>): string => `
  with item as (
    select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
             as i (run, owner, step, name, output, result, started_at, completed_at)
  ), ${OWNED_TO_END}, due as (
    select item.* from item join owned using (run, owner)
  ), admitted as (${companion.text(FIRST_OF_COMPANION)}), ending as (
    select due.* from due join admitted using (run)
  ), recorded as (
    insert into dbos.operation_outputs
           (workflow_uuid, function_id, function_name, output, started_at_epoch_ms, completed_at_epoch_ms, application_name, retention_timestamp)
    select run, step, name, output, started_at, completed_at, $9::text, (extract(epoch from now()) * 1000)::bigint
      from ending order by run
  ), finished as (
    update dbos.workflow_status s
       set status = 'SUCCESS', owner_xid = null, deduplication_id = null,
           updated_at = (extract(epoch from now()) * 1000)::bigint, completed_at = (extract(epoch from now()) * 1000)::bigint
      from ending
     where s.workflow_uuid = ending.run
  ), kept as (
    insert into dbos.workflow_output (workflow_uuid, output, error)
    select run, result, null from ending order by run
        on conflict (workflow_uuid) do update set output = excluded.output, error = excluded.error
  )
  select run from ending`;

/** True for each run that this statement ended. */
export async function endMany<Row>(
  database: Database,
  application: string | undefined,
  ends: readonly (RunEnding & { readonly row: Row })[],
  companion: Companion<Row>,
): Promise<boolean[]> {
  const ended = await prepared<{ run: string }>(database, `end.${companion.name}`, endText(companion), ends.length, [
    ends.map(({ runId }) => runId),
    ends.map(({ ownerXid }) => ownerXid),
    ends.map(({ stepId }) => stepId),
    ends.map(({ name }) => name),
    ends.map(({ output }) => output),
    ends.map(({ result }) => result),
    ends.map(({ startedAt }) => startedAt),
    ends.map(({ completedAt }) => completedAt),
    application ?? null,
    ...companion.values(ends.map(({ row }) => row)),
  ]);
  const runs = new Set(ended.map(({ run }) => run));
  return ends.map(({ runId }) => runs.has(runId));
}
