// The one way an approval is decided by a person: checked, written and sent to the waiting run in one transaction (D10).
import type { Knex } from 'knex';
import { sendInTransaction } from '../durable/index.ts';
import { BreakwaterError, type Json, type Problem } from '../kernel/index.ts';
import type { Approval, ApprovalActor, Decision } from './approval.ts';
import { insertAudit, lockApproval, settle } from './approval-store.ts';
import { decidedStatus, editProblems, formProblems, judgeDecision, mergeEdits } from './settlement.ts';

export interface DecideRequest {
  readonly actor: ApprovalActor;
  readonly approvalId: string;
  readonly decision: Decision;
  readonly reason?: string;
  /** Node id -> merge patch on that node's output. */
  readonly edits?: Readonly<Record<string, Json>>;
  readonly form?: Json;
  readonly via: 'api' | 'link';
}

/**
 * Settles the approval and wakes its run. `validate` checks edits and form against the run's definition.
 * Throws NOT_FOUND, FORBIDDEN, CONFLICT (already settled), GONE (after the deadline) or INVALID; then nothing has changed.
 */
export async function decideApproval(
  knex: Knex,
  request: DecideRequest,
  validate: (approval: Approval) => Problem[],
): Promise<void> {
  await knex.transaction(async (trx) => {
    const approval = await lockDecidable(trx, request);
    refuseProblems([...ownProblems(approval, request), ...validate(approval)]);
    const made = {
      decision: request.decision,
      by: request.actor.user,
      via: request.via,
      reason: request.reason ?? null,
      edits: shippedEdits(approval, request),
      form: request.form ?? null,
    };
    await settle(trx, approval, decidedStatus(request.decision), made);
    await insertAudit(trx, approval, made);
    await wakeRun(trx, approval);
  });
}

// What was edited before goes with an approval, under what the approval itself edits.
function shippedEdits(approval: Approval, { decision, edits }: DecideRequest): Json {
  if (decision === 'reject') return edits ?? null;
  const all = mergeEdits(approval.draftEdits, edits ?? {});
  return Object.keys(all).length > 0 ? all : null;
}

export async function lockDecidable(
  trx: Knex.Transaction,
  { actor, approvalId }: Pick<DecideRequest, 'actor' | 'approvalId'>,
): Promise<Approval> {
  const locked = await lockApproval(trx, approvalId);
  if (locked?.approval.tenant !== actor.tenant) throw new BreakwaterError('NOT_FOUND', `No approval "${approvalId}".`);
  const verdict = judgeDecision(locked.approval, actor, locked.nowMs);
  if (!verdict.allowed) throw new BreakwaterError(verdict.code, verdict.reason);
  return locked.approval;
}

function ownProblems(approval: Approval, { decision, edits, form }: DecideRequest): Problem[] {
  return [...editProblems(approval, decision, edits ?? null), ...formProblems(approval, decision, form ?? null)];
}

export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new BreakwaterError('INVALID', 'The decision cannot be taken as it is.', { problems });
}

async function wakeRun(trx: Knex.Transaction, { id, runId, topic }: Approval): Promise<void> {
  await sendInTransaction(trx, { runId, topic, value: { approval: id }, key: id });
}
