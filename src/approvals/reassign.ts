// An open question that is asked of others from now on; approvals already given count on.
import type { Knex } from 'knex';
import { BreakwaterError } from '../kernel/index.ts';
import type { Problem } from '../kernel/index.ts';
import type { Approval, ApprovalActor } from './approval.ts';
import { insertAudit, insertReassignment } from './approval-store.ts';
import { allowOrThrow, lockOwn } from './decide.ts';
import { tellAgain } from './notice-store.ts';
import { judgeReassignment } from './settlement.ts';

export interface Reassignment {
  readonly actor: ApprovalActor;
  readonly approvalId: string;
  /** Each is `role:<name>` or `user:<name>`; instead of those who were asked. */
  readonly approvers: readonly string[];
  readonly reason?: string;
}

const APPROVER = /^(?:role|user):[^\s:]\S{0,199}$/;

/** Throws NOT_FOUND, FORBIDDEN, CONFLICT (settled), GONE (after the deadline) or INVALID; then nothing has changed. */
export async function reassignApproval(knex: Knex, reassignment: Reassignment): Promise<void> {
  const { actor, reason = null } = reassignment;
  const approvers = [...new Set(reassignment.approvers)];
  await knex.transaction(async (trx) => {
    const { approval, nowMs } = await lockOwn(trx, reassignment);
    allowOrThrow(judgeReassignment(approval, actor, nowMs));
    const problems = approverProblems(approval, approvers);
    if (problems.length > 0) throw new BreakwaterError('INVALID', 'Nobody could decide this approval.', { problems });
    await insertReassignment(trx, approval, { by: actor.user, reason, approvers });
    await tellAgain(trx, approval.id);
    const data = { from: approval.approvers, to: approvers, reason };
    await insertAudit(trx, approval, { actor: actor.user, action: 'approval.reassign', data });
  });
}

/** Pure. */
export function approverProblems(
  { quorum, decisions }: Pick<Approval, 'quorum' | 'decisions'>,
  approvers: readonly string[],
): Problem[] {
  if (approvers.length === 0) return [{ path: '/approvers', message: 'Name at least one role or user.' }];
  const unfit = approvers.flatMap((approver, index) =>
    APPROVER.test(approver)
      ? []
      : [{ path: `/approvers/${index}`, message: `"${approver}" must be role:<name> or user:<name>` }],
  );
  if (unfit.length > 0 || approvers.some((approver) => approver.startsWith('role:'))) return unfit;
  const given = decisions.map(({ by }) => `user:${by ?? ''}`);
  const left = approvers.filter((approver) => !given.includes(approver));
  if (left.length >= quorum - given.length) return [];
  const message = `${quorum - given.length} more must approve, and only ${left.length} are named`;
  return [{ path: '/approvers', message }];
}
