// Editing while the question is open: what is written here ships with the approval that follows, under whatever that adds.
import type { Knex } from 'knex';
import type { Json, Problem } from '../kernel/index.ts';
import type { Approval, ApprovalActor } from './approval.ts';
import { insertAmendment } from './approval-store.ts';
import { allowOrThrow, lockOwn, refuseProblems } from './decide.ts';
import { editProblems, judgeDecision, mergeEdits } from './settlement.ts';

export interface Amendment {
  readonly actor: ApprovalActor;
  readonly approvalId: string;
  /** Node id -> merge patch on that node's output. */
  readonly edits: Readonly<Record<string, Json>>;
}

/** Only who may decide may amend, and only until someone did: the same refusals as a decision. */
export async function amendApproval(
  knex: Knex,
  amendment: Amendment,
  validate: (approval: Approval) => Problem[],
): Promise<void> {
  await knex.transaction(async (trx) => {
    const { approval, nowMs } = await lockOwn(trx, amendment);
    allowOrThrow(judgeDecision(approval, amendment.actor, nowMs));
    refuseProblems([...editProblems(approval, 'approve', amendment.edits), ...validate(approval)]);
    await insertAmendment(trx, approval, amendment.actor.user, mergeEdits(approval.draftEdits, amendment.edits));
  });
}
