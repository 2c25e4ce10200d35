// A checkpoint as the views read it: without the value of its outcome, which they do not show.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    create or replace function breakwater.checkpoint(output text) returns jsonb language plpgsql immutable parallel safe as
    $$ begin
      return ((output::jsonb) -> 'json') #- '{outcome,value}';
    exception when others then
      return null;
    end $$;
  `);
}

/** The function of before would show more and serve no better. */
export async function down() {}
