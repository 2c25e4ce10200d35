// What the poison rule counts: how often a run took its process down without having got any further in between.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    -- One row for a run that was executed by a process that died. Gone once the run is set aside.
    create table breakwater.recovery (
      run_id      text primary key,
      tenant      text not null default '*',
      -- Deaths in a row without a checkpoint in between, the last one included.
      crashes     int not null check (crashes > 0),
      -- How many checkpoints the run had at the last of them.
      checkpoints bigint not null check (checkpoints >= 0),
      counted_at  timestamptz not null default clock_timestamp()
    );
    -- After a death of many runs most are counted once, and every claim asks for the few that may be on probation.
    create index recovery_on_probation on breakwater.recovery (run_id) where crashes >= 2;

    -- How far a run has got: it only has to differ when the run got further.
    create function breakwater.checkpoint_count(run text) returns bigint language sql stable parallel safe as
    $$ select (select count(*) from dbos.operation_outputs where workflow_uuid = run)
            + (select count(*) from dbos.transaction_completion where workflow_id = run) $$;

    grant select on breakwater.recovery to breakwater_app;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    drop function if exists breakwater.checkpoint_count(text);
    drop table if exists breakwater.recovery;
  `);
}
