// Where in a trace a run was asked for, so that whichever process executes it goes on with that trace.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`alter table breakwater.run add column traceparent text`);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`alter table breakwater.run drop column traceparent`);
}
