// An open question that an operator takes back: its run hears of it as of a decision.
import type { Knex } from 'knex';
import type { ApprovalActor } from './approval.ts';
import { insertAudit, insertWithdrawal } from './approval-store.ts';
import { allowOrThrow, lockOwn, wakeRun } from './decide.ts';
import { judgeOpen } from './settlement.ts';

export interface Withdrawal {
  readonly actor: ApprovalActor;
  readonly approvalId: string;
  readonly reason?: string;
}

/** That the actor is an operator is for the caller to know. Throws NOT_FOUND, CONFLICT (settled) or GONE (after the deadline). */
export async function takeBackApproval(knex: Knex, withdrawal: Withdrawal): Promise<void> {
  const { actor, reason = null } = withdrawal;
  await knex.transaction(async (trx) => {
    const { approval, nowMs } = await lockOwn(trx, withdrawal);
    allowOrThrow(judgeOpen(approval, nowMs));
    await insertWithdrawal(trx, approval, { by: actor.user, reason });
    await insertAudit(trx, approval, { actor: actor.user, action: 'approval.withdraw', data: { reason } });
    await wakeRun(trx, approval);
  });
}
