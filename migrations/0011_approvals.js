// Approvals complete: quorum, changes that send a run back, questions that are withdrawn or end with an operator.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    alter table breakwater.approval
      -- How many must approve.
      add column quorum           int not null default 1 check (quorum >= 1),
      -- Where changes send the run back to, and how often: {"to": module or null, "max": count or null}. Null: nowhere.
      add column changes          jsonb,
      add column withdrawn_by     text,
      add column withdrawn_reason text,
      drop constraint approval_on_timeout_check,
      add constraint approval_on_timeout_check check (on_timeout in ('reject', 'approve', 'ask')),
      add constraint approval_withdrawn_check check (withdrawn_by is null or status = 'withdrawn');

    alter table breakwater.approval_decision
      drop constraint approval_decision_decision_check,
      add constraint approval_decision_decision_check check (decision in ('approve', 'reject', 'request_changes')),
      drop constraint approval_decision_via_check,
      add constraint approval_decision_via_check check (via in ('api', 'link', 'slack', 'timeout'));

    alter table breakwater.run
      -- What approvers asked to be changed, in order, since the run went back for it: [{node, to, by, at, reason}].
      add column changes jsonb not null default '[]';
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    alter table breakwater.run drop column changes;
    alter table breakwater.approval
      drop column quorum, drop column changes, drop column withdrawn_by, drop column withdrawn_reason;
  `);
}
