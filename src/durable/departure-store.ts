// Tells a run's history which executor it left: DBOS keeps the last one only.

/**
 * As a part of the statement that takes runs from executors, whose `left_by` has the rows of their workflows. A run that somebody changes
 * at this moment is passed over: waiting for it here could wait for ever, since whoever changes a run takes its workflow after it.
 */
export function tellDeparture(kind: 'run.taken_over' | 'run.given_back'): string {
  return `insert into breakwater.event (tenant, run_id, kind, data)
     select told.tenant, told.id, '${kind}', jsonb_build_object('from', left_by.executor_id)
       from left_by
       cross join lateral (select tenant, id from breakwater.run where id = left_by.workflow_uuid for key share skip locked) told
      where left_by.executor_id is not null`;
}
