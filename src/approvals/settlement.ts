// Who may decide an approval, when, and what it then becomes. Pure: the time is a parameter.
import { isJsonObject, type ErrorCode, type Json, type Problem } from '../kernel/index.ts';
import type {
  Approval,
  ApprovalActor,
  ApprovalStatus,
  Decision,
  DecisionRecord,
  OnTimeout,
  Settlement,
} from './approval.ts';

export interface Refusal {
  readonly allowed: false;
  readonly code: Extract<ErrorCode, 'FORBIDDEN' | 'CONFLICT' | 'GONE'>;
  readonly reason: string;
}

export type Verdict = { readonly allowed: true } | Refusal;

const ALLOWED: Verdict = { allowed: true };

const CALLED: Readonly<Record<Decision, string>> = {
  approve: 'an approval',
  reject: 'a rejection',
  request_changes: 'a request for changes',
};

/** Whether `actor` may decide at `nowMs`. Whoever may not decide at all learns nothing about the state. */
export function judgeDecision(approval: Approval, actor: ApprovalActor, nowMs: number): Verdict {
  const refusal = refusalOfActor(approval, actor);
  if (refusal !== undefined) return { allowed: false, code: 'FORBIDDEN', reason: refusal };
  if (approval.status !== 'pending') return judgeSettled(approval);
  if (nowMs >= approval.deadlineMs) return gone(approval);
  if (!approval.decisions.some(({ by }) => by === actor.user)) return ALLOWED;
  const left = approval.quorum - approval.approvals;
  return conflict(`You have approved already; ${left} more must.`);
}

/** Several who approve must be told apart, and whoever has a link of a role may approve by a name as well. */
export function judgeVoter({ quorum }: Pick<Approval, 'quorum'>, { isUnnamed = false }: ApprovalActor): Verdict {
  if (quorum === 1 || !isUnnamed) return ALLOWED;
  const reason = `${quorum} different people must approve, and this link was sent to a role: it does not say who you are. Approve by a key or a link of your own; rejecting is possible here.`;
  return { allowed: false, code: 'FORBIDDEN', reason };
}

/** Whether the question may still be changed, or taken back, at `nowMs`; by whom is asked elsewhere. */
export function judgeOpen(approval: Approval, nowMs: number): Verdict {
  if (approval.status !== 'pending') return judgeSettled(approval);
  return nowMs >= approval.deadlineMs ? gone(approval) : ALLOWED;
}

/** Whoever operates runs may ask others, and so may one who is asked. */
export function judgeReassignment(approval: Approval, actor: ApprovalActor, nowMs: number): Verdict {
  const refusal = actor.roles.includes('operator') ? undefined : refusalOfActor(approval, actor);
  return refusal === undefined ? judgeOpen(approval, nowMs) : { allowed: false, code: 'FORBIDDEN', reason: refusal };
}

/** Is `actor` one of those who are asked? An admin always is. */
function isApprover(approvers: readonly string[], actor: ApprovalActor): boolean {
  return actor.roles.includes('admin') || approverNames(actor).some((name) => approvers.includes(name));
}

/** The names under which `actor` may be asked. */
export function approverNames(actor: ApprovalActor): string[] {
  return [`user:${actor.user}`, ...actor.roles.map((role) => `role:${role}`)];
}

/** An edit may only touch what the definition opened for editing, and only together with an approval. */
export function editProblems(approval: Approval, decision: Decision, edits: Json): Problem[] {
  const nodes = Object.keys(edits ?? {});
  if (decision !== 'approve' && nodes.length > 0) {
    return [{ path: '/edits', message: `Edits go with an approval; ${CALLED[decision]} has none.` }];
  }
  return nodes
    .filter((node) => !approval.editable.includes(node))
    .map((node) => ({ path: `/edits/${node}`, message: `"${node}" is not editable here; ${editableList(approval)}.` }));
}

/** An approval that comes with a form is given only with the form filled in; what is in it is for its schema to say. */
export function formProblems({ form }: Approval, decision: Decision, filled: Json): Problem[] {
  if (form === null && filled !== null) return [{ path: '/form', message: 'This approval asks for no form.' }];
  if (decision !== 'approve' || form === null || filled !== null) return [];
  return [{ path: '/form', message: 'This approval asks for a form to be filled in.' }];
}

/** What is to be changed must be said: whoever does it again reads it. */
export function reasonProblems(decision: Decision, reason: string | undefined): Problem[] {
  if (decision !== 'request_changes' || reason?.trim()) return [];
  return [{ path: '/reason', message: 'Say what is to be changed: it is what those who change it go by.' }];
}

/** Why changes may not, or no longer, be requested. */
export function judgeChanges({ changes }: Pick<Approval, 'changes'>): Verdict {
  if (!changes) return conflict('This approval takes no request for changes; approve, with edits, or reject.');
  if (changes.max === null || changes.made < changes.max) return ALLOWED;
  return conflict(`Changes were requested ${changes.made} times, which is all there may be; approve or reject.`);
}

/** What the approval is once this decision is made: one rejection, or request for changes, settles it; approvals only together. */
export function decidedStatus({ quorum, approvals }: Approval, decision: Decision): ApprovalStatus {
  if (decision === 'reject') return 'rejected';
  if (decision === 'request_changes') return 'withdrawn';
  return approvals + 1 >= quorum ? 'approved' : 'pending';
}

/** What becomes of an approval that nobody decided in time. */
export function timedOutStatus(onTimeout: OnTimeout): ApprovalStatus {
  return onTimeout === 'approve' ? 'approved' : 'expired';
}

/** Undefined while the question is open. */
export function settlementOf(approval: Approval): Settlement | undefined {
  const { status, settledAt, withdrawal } = approval;
  if (status === 'pending' || settledAt === null) return undefined;
  const made = settlingDecision(approval);
  const undecided = { decision: null, by: null, reason: null, ...withdrawal, edits: null, form: null };
  if (!made) return { status, at: settledAt, ...undecided };
  const { decision, by, at, reason, edits, form } = made;
  return { status, decision, by, at, reason, edits, form };
}

// Approvals may have been given although it was withdrawn, or ran out of time.
function settlingDecision({ status, decisions }: Approval): DecisionRecord | undefined {
  const last = decisions.at(-1);
  if (status === 'withdrawn') return last?.decision === 'request_changes' ? last : undefined;
  return status === 'expired' && last?.via !== 'timeout' ? undefined : last;
}

function refusalOfActor(approval: Approval, actor: ApprovalActor): string | undefined {
  if (!isApprover(approval.approvers, actor)) {
    return `This approval asks ${approval.approvers.join(', ') || 'nobody but admins'}; you are user:${actor.user}.`;
  }
  if (actor.roles.includes('admin') || approval.allowRequester || actor.user !== approval.requester) return undefined;
  return 'Whoever started the run may not approve it (allow_requester is false).';
}

function judgeSettled(approval: Approval): Verdict {
  const last = settlingDecision(approval);
  if (approval.status === 'withdrawn') return conflict(whyWithdrawn(approval, last));
  if (approval.status === 'expired' || last?.via === 'timeout') return gone(approval);
  return conflict(`Already ${approval.status}${last?.by ? ` by ${last.by}` : ''}.`);
}

function whyWithdrawn({ withdrawal }: Approval, last: DecisionRecord | undefined): string {
  if (last) return `${last.by} requested changes: it is asked again once they are made.`;
  const by = withdrawal ? ` by ${withdrawal.by}` : '';
  return `The approval was withdrawn${by}: its run no longer waits for it.`;
}

function conflict(reason: string): Verdict {
  return { allowed: false, code: 'CONFLICT', reason };
}

function gone(approval: Approval): Verdict {
  return { allowed: false, code: 'GONE', reason: `The deadline has passed (${approval.deadline}).` };
}

function editableList({ editable }: Approval): string {
  return editable.length > 0 ? `editable: ${editable.join(', ')}` : 'nothing is';
}

/** Edits over edits, node by node. */
export function mergeEdits(
  earlier: Readonly<Record<string, Json>>,
  later: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const nodes = new Map(Object.entries(earlier));
  for (const [node, patch] of Object.entries(later)) {
    // Kept as a patch: a null that removes a member must still remove it when it is applied.
    const before = nodes.get(node);
    nodes.set(node, before === undefined ? patch : mergePatches(before, patch));
  }
  return Object.fromEntries(nodes);
}

function mergePatches(earlier: Json, later: Json): Json {
  if (!isJsonObject(earlier) || !isJsonObject(later)) return later;
  const merged = new Map(Object.entries(earlier));
  for (const [key, value] of Object.entries(later)) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : mergePatches(before, value));
  }
  return Object.fromEntries(merged);
}
