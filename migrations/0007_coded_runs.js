// What became of each activity, read from its checkpoints once, calls of coded workflows included; and checks of edits of their outputs.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  // What each editable output must be, as JSON Schemas by node. Null where the definition's plan says it.
  await knex.raw('alter table breakwater.approval add column edit_schemas jsonb');
  // The nodes of a run without a plan are found by its steps: each has 4,096 ids, of which the first is that of its first attempt or of
  // its opening, and those from 2,048 on are its undo's, with the look before it at 2,072.
  // `done` and `doubtful` are acts that took effect or may have: what a turn undoes.
  // `offset 0` keeps Postgres from evaluating the function anew for each column that comes of it.
  await knex.raw(`
    drop view breakwater.activity_status;

    create view breakwater.activity_status as
    with fact as (
      select r.id as run, r.tenant, r.status as run_status, r.cause, r.finished_at as run_finished_at,
             n.value as plan, n.ordinality, n.value ->> 'id' as node,
             act.outcome, act.attempts, act.started_at, act.finished_at, act.key, act.done, act.doubtful,
             undo.settled as undos, undo.failed as undos_failed, undo.undone, undo.seen as undoing
        from breakwater.run r
        join breakwater.definition d on d.tenant = r.tenant and d.name = r.workflow and d.version = r.version
        cross join lateral (
          select * from jsonb_array_elements(d.plan -> 'nodes') with ordinality
           union all
          select jsonb_build_object('id', c.name, 'kind', case when c.waits then 'wait' else 'activity' end,
                                    'range', jsonb_build_object('base', c.place * 4096, 'size', 4096),
                                    'dependencies', '[]'::jsonb),
                 c.place
            from (
              select s.place,
                     coalesce(max(regexp_replace(s.name, ' open$', '')) filter (where s.at = 1),
                              max(regexp_replace(s.name, '^undo ', '')) filter (where s.at >= 2048 and s.at <> 2072),
                              max(regexp_replace(s.name, '^undo (.*) probe$', '\\1')) filter (where s.at = 2072)) as name,
                     bool_or(s.at = 1 and s.name like '% open') as waits
                from (
                  select o.function_id / 4096 as place, o.function_id % 4096 as at, o.function_name as name
                    from dbos.operation_outputs o
                   where o.workflow_uuid = r.id and o.function_id >= 4096
                ) s
               group by s.place
            ) c
           where d.plan is null and c.name is not null
        ) n
        cross join lateral (
          select (array_agg(o.outcome order by o.function_id)
                    filter (where o.function_name = n.value ->> 'id' and o.outcome is not null))[1] as outcome,
                 count(distinct (o.function_name, o.attempt)) filter (where o.attempt is not null) as attempts,
                 count(*) filter (where o.attempt is not null and (o.outcome ->> 'ok')::boolean) as done,
                 count(*) filter (where (o.outcome #>> '{error,unknown}')::boolean
                                    and (o.attempt is not null or n.value -> 'forEach' is null)) as doubtful,
                 to_timestamp(min(o.started_at_epoch_ms) / 1000.0) as started_at,
                 to_timestamp(max(o.completed_at_epoch_ms) / 1000.0) as finished_at,
                 max(o.key) as key
            from (
              select s.*, c.value -> 'outcome' as outcome, c.value ->> 'attempt' as attempt, c.value ->> 'key' as key
                from dbos.operation_outputs s
                cross join lateral (select breakwater.checkpoint(s.output) as value offset 0) c
               where s.workflow_uuid = r.id and s.output is not null
                 and s.function_id >= (n.value #>> '{range,base}')::int
                 and s.function_id < (n.value #>> '{range,base}')::int + (n.value #>> '{range,size}')::int
                 and s.function_name not like 'undo %'
            ) o
        ) act
        cross join lateral (
          select count(*) filter (where o.outcome is not null) as settled,
                 count(*) filter (where not (o.outcome ->> 'ok')::boolean) as failed,
                 count(*) filter (where (o.outcome ->> 'ok')::boolean and not coalesce((o.outcome ->> 'skipped')::boolean, false)) as undone,
                 count(*) > 0 as seen
            from (
              select breakwater.checkpoint(s.output) -> 'outcome' as outcome
                from dbos.operation_outputs s
               where s.workflow_uuid = r.id and s.output is not null
                 and s.function_id >= (n.value #>> '{range,base}')::int
                 and s.function_id < (n.value #>> '{range,base}')::int + (n.value #>> '{range,size}')::int
                 and s.function_name like 'undo %'
               offset 0
            ) o
        ) undo
    )
    select run, tenant, node,
           coalesce(turned.status, case
             when (outcome ->> 'skipped')::boolean then 'skipped'
             when (outcome ->> 'ok')::boolean then 'completed'
             -- Looked up, and nothing was there.
             when (outcome #>> '{error,unknown}')::boolean and undos > 0 then 'failed'
             when (outcome #>> '{error,unknown}')::boolean then 'unknown'
             when outcome is not null then 'failed'
             when run_finished_at is not null or run_status in ('compensating', 'held') then 'skipped'
             when run_status = 'queued' then 'pending'
             when ready.met and plan ->> 'kind' <> 'activity' then 'waiting'
             when ready.met then 'executing'
             else 'pending'
           end) as status,
           attempts, started_at, case when outcome is not null then finished_at end as finished_at, key,
           outcome #>> '{error,code}' as error_code,
           turned.status as compensation_status,
           ordinality as position
      from fact
      cross join lateral (
        select bool_and(exists (
                 select 1 from dbos.operation_outputs o
                  where o.workflow_uuid = run and o.function_name = dependency
                    and jsonb_exists(breakwater.checkpoint(o.output), 'outcome'))) is not false as met
          from jsonb_array_elements_text(plan -> 'dependencies') dependency
      ) ready
      cross join lateral (
        select case
          -- An optional list whose doubtful items were undone while the run went on stays what it is.
          when cause is null and (outcome ->> 'ok')::boolean then null
          when undos_failed > 0 and (undos >= done + doubtful or run_finished_at is not null) then 'compensation_failed'
          when undos > 0 and (undos >= done + doubtful or run_finished_at is not null)
            then case when undone > 0 then 'compensated' end
          when undoing then 'compensating'
          -- It is to be undone, in its turn.
          when run_status = 'compensating' and done > 0 and plan -> 'compensation' is not null then 'compensating'
        end as status
      ) turned;

    grant select on breakwater.activity_status to breakwater_app;
  `);
}

/** The view of before shows less and is right in what it shows; nobody else reads the column. */
export async function down() {}
