// What runs changed outside, read from their checkpoints; and which run began which.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    -- A run that another run began: which one, and for which of its nodes.
    alter table breakwater.run add column parent_run text references breakwater.run (id) on delete set null;
    alter table breakwater.run add column parent_node text;
    create index run_by_parent on breakwater.run (parent_run) where parent_run is not null;
    create index run_taken_back on breakwater.run (tenant, finished_at desc, id desc)
      where status in ('compensated', 'compensation_failed', 'rejected', 'cancelled');

    -- One row an act with an effect. Its last attempt, its undo and the look for an effect in doubt are three checkpoints; acts that
    -- nobody can vouch for are named in the turn, and what is under way is told by activity_status.
    create view breakwater.effect as
    with recorded as (
      select r.id as run, r.tenant, r.workflow, r.status as run_status, r.cause, r.finished_at as run_finished_at, act.*,
             (act.undo -> 'outcome' ->> 'ok')::boolean as undone,
             coalesce((act.undo #>> '{outcome,skipped}')::boolean, false) as undo_skipped
        from breakwater.run r
        cross join lateral (
          select n.act,
                 (array_agg(c.value order by s.function_id desc) filter (where n.side = 'act'))[1] as last,
                 (array_agg(c.value order by s.function_id desc) filter (where n.side = 'undo'))[1] as undo,
                 (array_agg(c.value ->> 'found') filter (where n.side = 'probe'))[1] as verdict
            from dbos.operation_outputs s
            cross join lateral (select breakwater.checkpoint(s.output) as value offset 0) c
            cross join lateral (
              select case when s.function_name not like 'undo %' then 'act'
                          when jsonb_exists(c.value, 'found') then 'probe'
                          else 'undo' end as side,
                     case when s.function_name not like 'undo %' then s.function_name
                          when jsonb_exists(c.value, 'found') then regexp_replace(substr(s.function_name, 6), ' probe$', '')
                          else substr(s.function_name, 6) end as act) n
           where s.workflow_uuid = r.id and s.output is not null
             and (s.function_name like 'undo %' or jsonb_exists(c.value, 'effect'))
           group by n.act
        ) act
    ), fact as (
      select run, tenant, workflow, run_status, cause, run_finished_at, act,
             last ->> 'key' as key, last -> 'effect' as effect, verdict,
             case
               when not undone then 'compensation_failed'
               -- Looked up, and nothing was there.
               when undone and undo_skipped and not coalesce((last #>> '{outcome,ok}')::boolean, false) then 'failed'
               when undone then 'compensated'
               when (last #>> '{outcome,ok}')::boolean then 'done'
               when coalesce((last #>> '{outcome,error,unknown}')::boolean, (last #>> '{error,unknown}')::boolean, last is null) then 'unknown'
               when jsonb_exists(last, 'outcome') then 'failed'
               else 'intended'
             end as state,
             coalesce(last #>> '{outcome,error,code}', last #>> '{error,code}') as error_code,
             coalesce(undo #>> '{outcome,error,code}', undo #>> '{error,code}') as undo_error_code,
             to_timestamp((last ->> 'startedAt')::float8 / 1000.0) as started_at,
             to_timestamp((last ->> 'finishedAt')::float8 / 1000.0) as finished_at,
             case when jsonb_exists(undo, 'outcome') then to_timestamp((undo ->> 'finishedAt')::float8 / 1000.0) end as undone_at
        from recorded
      union all
      -- Nobody can say whether these began: no checkpoint is theirs, neither of the act nor of an undo.
      select r.id, r.tenant, r.workflow, r.status, r.cause, r.finished_at, suspect.act, null, null, null, 'unknown', null, null,
             null, null, null
        from breakwater.run r
        join dbos.operation_outputs t on t.workflow_uuid = r.id and t.function_id = 1 and t.function_name = 'run turned round'
        cross join lateral jsonb_array_elements_text(coalesce(breakwater.checkpoint(t.output) -> 'suspects', '[]')) as suspect (act)
       where not exists (select 1 from dbos.operation_outputs s
                          where s.workflow_uuid = r.id and s.function_name in (suspect.act, 'undo ' || suspect.act))
      union all
      select r.id, r.tenant, r.workflow, r.status, r.cause, r.finished_at, a.node, null, null, null, 'intended', null, null,
             null, null, null
        from breakwater.run r
        join breakwater.activity_status a on a.run = r.id and a.status = 'executing' and a.key is null
       where r.finished_at is null
    )
    select f.run, f.tenant, f.workflow, f.run_status, f.cause, f.run_finished_at,
           regexp_replace(f.act, '\\[\\d+\\]$', '') as node, substring(f.act from '\\[(\\d+)\\]$')::int as item,
           coalesce((f.effect ->> 'epoch')::int, 0) as epoch, f.key,
           coalesce(f.effect ->> 'tool', plan.node ->> 'tool') as tool,
           coalesce(f.effect ->> 'action', plan.node ->> 'action') as action,
           f.effect ->> 'digest' as digest, f.effect ->> 'id' as external_id,
           coalesce(f.effect ->> 'takenBackBy', case
             when (plan.node ->> 'irreversible')::boolean then 'irreversible'
             else (plan.node #>> '{compensation,tool}') || '.' || (plan.node #>> '{compensation,action}') end) as taken_back_by,
           f.state, f.verdict, f.error_code, f.undo_error_code, f.started_at, f.finished_at, f.undone_at
      from fact f
      join breakwater.run own on own.id = f.run
      -- What has no checkpoint is told by the plan; that of code is not stored.
      left join lateral (
        select n.value as node
          from breakwater.run r
          join breakwater.definition d on d.tenant = r.tenant and d.name = r.workflow and d.version = r.version
          cross join lateral jsonb_array_elements(d.plan -> 'nodes') n
         where f.effect is null and r.id = f.run and n.value ->> 'id' = regexp_replace(f.act, '\\[\\d+\\]$', '')
      ) plan on true
     where (f.effect is not null or (plan.node ->> 'effect')::boolean or (plan.node is null and f.state <> 'intended'))
       -- What a fork inherited is the effect of the run that it came from.
       and not regexp_replace(f.act, '\\[\\d+\\]$', '') = any(own.inherited);

    grant select on breakwater.effect to breakwater_app;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    drop view breakwater.effect;
    alter table breakwater.run drop column parent_node;
    alter table breakwater.run drop column parent_run;
  `);
}
