// Who may decide an approval, when, and what it then becomes. Pure: the time is a parameter.
import { isJsonObject, type ErrorCode, type Json, type Problem } from '../kernel/index.ts';
import type { Approval, ApprovalActor, ApprovalStatus, Decision, Settlement } from './approval.ts';

export type Verdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly code: Extract<ErrorCode, 'FORBIDDEN' | 'CONFLICT' | 'GONE'>;
      readonly reason: string;
    };

const ALLOWED: Verdict = { allowed: true };

/** Whether `actor` may decide at `nowMs`. Whoever may not decide at all learns nothing about the state. */
export function judgeDecision(approval: Approval, actor: ApprovalActor, nowMs: number): Verdict {
  const refusal = refusalOfActor(approval, actor);
  if (refusal !== undefined) return { allowed: false, code: 'FORBIDDEN', reason: refusal };
  if (approval.status !== 'pending') return judgeSettled(approval);
  if (nowMs >= approval.deadlineMs) return gone(approval);
  return ALLOWED;
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
  if (decision === 'reject' && nodes.length > 0) {
    return [{ path: '/edits', message: 'Edits go with an approval; a rejection has none.' }];
  }
  return nodes
    .filter((node) => !approval.editable.includes(node))
    .map((node) => ({ path: `/edits/${node}`, message: `"${node}" is not editable here; ${editableList(approval)}.` }));
}

/** An approval that comes with a form is given only with the form filled in; what is in it is for its schema to say. */
export function formProblems({ form }: Approval, decision: Decision, filled: Json): Problem[] {
  if (form === null && filled !== null) return [{ path: '/form', message: 'This approval asks for no form.' }];
  if (decision === 'reject' || form === null || filled !== null) return [];
  return [{ path: '/form', message: 'This approval asks for a form to be filled in.' }];
}

export function decidedStatus(decision: Decision): ApprovalStatus {
  return decision === 'approve' ? 'approved' : 'rejected';
}

/** What becomes of an approval that nobody decided in time. */
export function timedOutStatus(onTimeout: Decision): ApprovalStatus {
  return onTimeout === 'approve' ? 'approved' : 'expired';
}

/** Undefined while the question is open. */
export function settlementOf(approval: Approval): Settlement | undefined {
  const { status, settledAt } = approval;
  if (status === 'pending' || settledAt === null) return undefined;
  const last = approval.decisions.at(-1);
  if (!last) return { status, decision: null, by: null, at: settledAt, reason: null, edits: null, form: null };
  const { decision, by, at, reason, edits, form } = last;
  return { status, decision, by, at, reason, edits, form };
}

function refusalOfActor(approval: Approval, actor: ApprovalActor): string | undefined {
  if (!isApprover(approval.approvers, actor)) {
    return `This approval asks ${approval.approvers.join(', ') || 'nobody but admins'}; you are user:${actor.user}.`;
  }
  if (actor.roles.includes('admin') || approval.allowRequester || actor.user !== approval.requester) return undefined;
  return 'Whoever started the run may not approve it (allow_requester is false).';
}

function judgeSettled(approval: Approval): Verdict {
  if (approval.status === 'withdrawn') {
    return { allowed: false, code: 'CONFLICT', reason: 'The approval was withdrawn: its run no longer waits for it.' };
  }
  const last = approval.decisions.at(-1);
  if (approval.status === 'expired' || last?.via === 'timeout') return gone(approval);
  return { allowed: false, code: 'CONFLICT', reason: `Already ${approval.status}${last?.by ? ` by ${last.by}` : ''}.` };
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
