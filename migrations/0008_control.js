// What operators decide of a run: epochs of repeated nodes, decisions about failed ones, what a fork inherits; and the right to reopen a run.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    alter table breakwater.run
      -- How often an act was begun anew on purpose: {"node" or "node[item]": count}. Part of its key; absent means 0.
      add column epochs       jsonb not null default '{}',
      -- What operators decided of failed acts and undos, by node.
      add column decisions    jsonb not null default '{}',
      add column forked_from  text,
      -- Nodes whose outcomes come from the run it was forked from: never undone by this one.
      add column inherited    text[] not null default '{}';

    grant delete on breakwater.recovery to breakwater_app;
    grant insert, delete on dbos.operation_outputs to breakwater_app;
    grant select, delete on dbos.transaction_completion to breakwater_app;
    grant delete on dbos.notifications, dbos.workflow_output to breakwater_app;

    alter view breakwater.activity_status rename to activity_record;

    create view breakwater.activity_status as
    select a.run, a.tenant, a.node,
           case
             when a.node = any(r.inherited) then 'inherited'
             when a.status = 'executing' and r.status = 'paused' then 'pending'
             else a.status
           end as status,
           a.attempts, a.started_at, a.finished_at, a.key, a.error_code,
           case when a.node = any(r.inherited) then null else a.compensation_status end as compensation_status,
           a.position
      from breakwater.activity_record a
      join breakwater.run r on r.id = a.run;

    grant select on breakwater.activity_status to breakwater_app;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    drop view breakwater.activity_status;
    alter view breakwater.activity_record rename to activity_status;
    alter table breakwater.run
      drop column epochs, drop column decisions, drop column forked_from, drop column inherited;
  `);
}
