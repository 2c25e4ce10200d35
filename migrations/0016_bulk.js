// Actions on many runs, carried out one by one whatever dies meanwhile; the audit and the events of a tenant, read by time.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    -- One verb for all runs that a filter found when it was asked.
    create table breakwater.bulk (
      id               text primary key,
      tenant           text not null,
      action           text not null check (action in ('cancel', 'pause', 'resume', 'compensate', 'release')),
      -- Of a cancel: is what was done taken back?
      compensate       boolean,
      filter           jsonb not null,
      reason           text,
      actor            text not null,
      count            int not null check (count between 0 and 10000),
      idempotency_key  text,
      request_digest   text not null,
      -- Once it is over; until then they are counted.
      done             int,
      unchanged        int,
      refused          int,
      refusals         jsonb,
      created_at       timestamptz not null default clock_timestamp(),
      finished_at      timestamptz,
      check ((compensate is not null) = (action = 'cancel')),
      check ((finished_at is not null) = (done is not null and unchanged is not null and refused is not null and refusals is not null))
    );
    create unique index bulk_by_idempotency_key on breakwater.bulk (tenant, idempotency_key) where idempotency_key is not null;
    create index bulk_open on breakwater.bulk (created_at) where finished_at is null;

    -- What one of them has to do, and what became of it, until the last is done. Without a reference to the run: it would lock ten
    -- thousand rows, and a run that is gone meanwhile is refused as any other that is not there.
    create table breakwater.bulk_run (
      bulk_id  text not null references breakwater.bulk (id) on delete cascade,
      tenant   text not null,
      run_id   text not null,
      ordinal  int not null,
      outcome  text check (outcome in ('done', 'unchanged', 'refused')),
      reason   text,
      primary key (bulk_id, ordinal),
      check ((reason is not null) = coalesce(outcome = 'refused', false))
    );
    create index bulk_run_left on breakwater.bulk_run (bulk_id, ordinal) where outcome is null;

    select breakwater.wall(name) from unnest(array['bulk', 'bulk_run']) as name;
    grant select, insert, update on breakwater.bulk to breakwater_app;
    grant select, insert, update, delete on breakwater.bulk_run to breakwater_app;

    create index audit_by_age on breakwater.audit (tenant, id desc);
    create index event_by_time on breakwater.event (tenant, at);
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    drop index breakwater.event_by_time;
    drop index breakwater.audit_by_age;
    drop table breakwater.bulk_run;
    drop table breakwater.bulk;
  `);
}
