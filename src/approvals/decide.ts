// The one way an approval is decided by a person: checked, written and sent to the waiting run in one transaction (D10).
import type { Knex } from 'knex';
import { sendInTransaction } from '../durable/index.ts';
import { BreakwaterError, type Json, type Problem } from '../kernel/index.ts';
import type { AnswerVia, Approval, ApprovalActor, Decision } from './approval.ts';
import { insertAudit, insertRefusedAnswer, insertVote, lockApproval, settle } from './approval-store.ts';
import {
  decidedStatus,
  editProblems,
  formProblems,
  judgeChanges,
  judgeDecision,
  judgeVoter,
  mergeEdits,
  reasonProblems,
} from './settlement.ts';
import type { Refusal, Verdict } from './settlement.ts';

export interface DecideRequest {
  readonly actor: ApprovalActor;
  readonly approvalId: string;
  readonly decision: Decision;
  readonly reason?: string;
  /** Node id -> merge patch on that node's output. */
  readonly edits?: Readonly<Record<string, Json>>;
  readonly form?: Json;
  readonly via: AnswerVia;
}

/**
 * Settles the approval and wakes its run, or counts one approval of several. `validate` checks edits and form against the run's
 * definition. Throws NOT_FOUND, FORBIDDEN, CONFLICT (already settled), GONE (after the deadline) or INVALID; then nothing has
 * changed, but what came too late, or from somebody who is not asked, is kept.
 */
export async function decideApproval(
  knex: Knex,
  request: DecideRequest,
  validate: (approval: Approval) => Problem[],
): Promise<void> {
  const refused = await knex.transaction(async (trx) => {
    const { approval, nowMs } = await lockOwn(trx, request);
    const verdict = judgeDecision(approval, request.actor, nowMs);
    if (!verdict.allowed) return await keepRefused(trx, approval, request, verdict);
    if (request.decision === 'approve') allowOrThrow(judgeVoter(approval, request.actor));
    if (request.decision === 'request_changes') allowOrThrow(judgeChanges(approval));
    refuseProblems([...ownProblems(approval, request), ...validate(approval)]);
    await write(trx, approval, request);
    return undefined;
  });
  if (refused) allowOrThrow(refused);
}

async function write(trx: Knex.Transaction, approval: Approval, request: DecideRequest): Promise<void> {
  const { actor, decision, via, reason = null, form = null } = request;
  const by = actor.user;
  const made = { decision, by, via, reason, edits: shippedEdits(approval, request), form };
  const status = decidedStatus(approval, decision);
  await insertAudit(trx, approval, { actor: by, action: `approval.${decision}`, data: { via, reason } });
  if (status === 'pending') return await insertVote(trx, approval, made);
  await settle(trx, approval, status, made);
  await wakeRun(trx, approval);
}

// An answer to what is settled, or past its time, is part of the run's history; one of somebody who is not asked is not.
async function keepRefused(
  trx: Knex.Transaction,
  approval: Approval,
  request: DecideRequest,
  refusal: Refusal,
): Promise<Refusal> {
  const { actor, decision, via, reason = null } = request;
  const { code, reason: why } = refusal;
  const data = { decision, via, reason, why };
  if (code === 'FORBIDDEN') {
    await insertAudit(trx, approval, { actor: actor.user, action: 'approval.refused', data });
    return refusal;
  }
  const action = code === 'GONE' ? 'approval.answered_late' : 'approval.answered_again';
  await insertAudit(trx, approval, { actor: actor.user, action, data });
  await insertRefusedAnswer(trx, approval, action, { decision, by: actor.user, via, reason });
  return refusal;
}

// What was edited before goes with an approval, under what the approval itself edits.
function shippedEdits(approval: Approval, { decision, edits }: DecideRequest): Json {
  if (decision !== 'approve') return null;
  const all = mergeEdits(approval.draftEdits, edits ?? {});
  return Object.keys(all).length > 0 ? all : null;
}

/** Throws NOT_FOUND for another tenant's approval too. */
export async function lockOwn(
  trx: Knex.Transaction,
  { actor, approvalId }: Pick<DecideRequest, 'actor' | 'approvalId'>,
): Promise<{ approval: Approval; nowMs: number }> {
  const locked = await lockApproval(trx, approvalId);
  if (locked?.approval.tenant !== actor.tenant) throw new BreakwaterError('NOT_FOUND', `No approval "${approvalId}".`);
  return locked;
}

export function allowOrThrow(verdict: Verdict): void {
  if (!verdict.allowed) throw new BreakwaterError(verdict.code, verdict.reason);
}

function ownProblems(approval: Approval, { decision, edits, form, reason }: DecideRequest): Problem[] {
  return [
    ...reasonProblems(decision, reason),
    ...editProblems(approval, decision, edits ?? null),
    ...formProblems(approval, decision, form ?? null),
  ];
}

export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new BreakwaterError('INVALID', 'The decision cannot be taken as it is.', { problems });
}

export async function wakeRun(trx: Knex.Transaction, { id, runId, topic }: Approval): Promise<void> {
  await sendInTransaction(trx, { runId, topic, value: { approval: id }, key: id });
}
