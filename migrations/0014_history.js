// Histories that can be read on from where they were left, lists of runs that are searched by text, and failures in groups.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    -- Was the row that this transaction wrote there in a snapshot of before? A row knows 32 bits of its transaction's id, which is among
    -- the last 2^32. Postgres cannot say it of subtransactions: nothing of a run's history is written in one.
    create function breakwater.was_there(writer xid, snapshot text) returns boolean language sql stable parallel safe as
    $$
      select pg_visible_in_snapshot((latest - ((latest - writer::text::bigint) & 4294967295))::text::xid8, snapshot::pg_snapshot)
        from (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint) as now (latest)
    $$;

    -- What a list of runs is searched for, in lower case; no longer than an index takes.
    alter table breakwater.run add column searched text generated always as (
      left(lower(id || ' ' || workflow || ' ' || jsonb_path_query_array(labels, '$.*')::text || ' ' ||
                 coalesce(error ->> 'code', '') || ' ' || coalesce(error ->> 'message', '')), 600)) stored;
    -- A search reads it in the index, newest first, without the rows: what row security guards can be found by no other index.
    drop index breakwater.run_by_age;
    create index run_by_age on breakwater.run (tenant, created_at desc, id desc) include (searched);

    create index run_by_error on breakwater.run (tenant, (error ->> 'code'), created_at desc) where error is not null;
    create index run_by_failure on breakwater.run (tenant, finished_at desc) where error is not null;
    -- Its place in the queue is told of a run that waits there.
    grant select (priority, delay_until_epoch_ms) on dbos.workflow_status to breakwater_app;
    -- What is not over: few of all runs, and looked through whenever somebody watches them.
    create index run_open on breakwater.run (tenant, id) where finished_at is null;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    revoke select (priority, delay_until_epoch_ms) on dbos.workflow_status from breakwater_app;
    drop index breakwater.run_open;
    drop index breakwater.run_by_failure;
    drop index breakwater.run_by_error;
    drop index breakwater.run_by_age;
    create index run_by_age on breakwater.run (tenant, created_at desc, id desc);
    alter table breakwater.run drop column searched;
    drop function breakwater.was_there(xid, text);
  `);
}
