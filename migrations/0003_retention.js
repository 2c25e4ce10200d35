// Executors say how busy they are and how far their clock is off; finished runs are found by their age, to be deleted.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    -- As of the executor's last heartbeat.
    alter table breakwater.executor
      add column slots_used      int not null default 0,
      add column slots_queued    int not null default 0,
      add column slots_capacity  int not null default 0,
      -- How far the machine's clock is ahead of the database's; negative when it is behind.
      add column clock_skew_ms   int not null default 0;

    create index run_finished on breakwater.run (finished_at) where finished_at is not null;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    drop index breakwater.run_finished;
    alter table breakwater.executor
      drop column slots_used, drop column slots_queued, drop column slots_capacity, drop column clock_skew_ms;
  `);
}
