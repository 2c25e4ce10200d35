// Edits made while a question is open: they ship with the approval.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  // Some databases have the column from their first migration.
  await knex.raw('alter table breakwater.approval add column if not exists draft_edits json');
}

/** Whose the column is cannot be told any more. */
export async function down() {}
