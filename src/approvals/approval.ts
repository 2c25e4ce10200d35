// An approval: a durable question to people, as the table holds it and as the API shows it. Shapes only.
import type { Json, JsonObject } from '../kernel/index.ts';
import type { Telling } from './notice.ts';

export const APPROVAL_STATUSES = ['pending', 'approved', 'rejected', 'expired', 'withdrawn'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];
/** What a person may answer. */
export const DECISIONS = ['approve', 'reject', 'request_changes'] as const;
export type Decision = (typeof DECISIONS)[number];
/** What an unanswered question means; `ask`: an operator decides what becomes of it. */
export const TIMEOUT_VERDICTS = ['reject', 'approve', 'ask'] as const;
export type OnTimeout = (typeof TIMEOUT_VERDICTS)[number];

/** Ways in which a person's answer comes. */
export const ANSWER_WAYS = ['api', 'link', 'slack'] as const;
export type AnswerVia = (typeof ANSWER_WAYS)[number];

/** Who decides, or asks. The tenant comes from the key or the link, never from the request. */
export interface ApprovalActor {
  readonly tenant: string;
  readonly user: string;
  readonly roles: readonly string[];
  /** Answers by a link that was sent to a role: which of its holders it is, nobody knows. */
  readonly isUnnamed?: boolean;
}

/** What may be asked to be done again. */
export interface ChangesPolicy {
  /** The module that the run goes back to; null: its code sees to that. */
  readonly to: string | null;
  /** How often; null: as often as its code asks. */
  readonly max: number | null;
}

export type EditSchemas = Readonly<Record<string, JsonObject>>;

/** What a run asks. `timeoutMs` from now, on the database's clock, makes the deadline. */
export interface NewApproval {
  readonly tenant: string;
  readonly runId: string;
  readonly node: string;
  readonly epoch: number;
  readonly title: string;
  readonly body?: string;
  /** Each is `role:<name>` or `user:<name>`. */
  readonly approvers: readonly string[];
  readonly requester: string;
  readonly allowRequester: boolean;
  /** Approvals needed; default 1. */
  readonly quorum?: number;
  readonly onTimeout: OnTimeout;
  /** Absent: nobody may request changes. */
  readonly changes?: ChangesPolicy;
  /** Node ids whose output the approver may edit. */
  readonly editable: readonly string[];
  /** What each editable output must be, as JSON Schema by node, where no plan of the definition says it. */
  readonly editSchemas?: EditSchemas;
  /** JSON Schema of what the approver fills in. */
  readonly form?: JsonObject;
  /** The wake topic of the node that waits. */
  readonly topic: string;
  readonly timeoutMs: number;
  /** Who is told, and when. Absent: nobody. */
  readonly telling?: Telling;
}

export interface DecisionRecord {
  readonly decision: Decision;
  /** Null when the deadline decided. */
  readonly by: string | null;
  readonly via: AnswerVia | 'timeout';
  readonly reason: string | null;
  /** Of an approval: all edits as they stood with it, those of earlier approvers included. */
  readonly edits: Json;
  readonly form: Json;
  readonly at: string;
}

/** What the API shows. */
export interface ApprovalView {
  readonly id: string;
  readonly runId: string;
  readonly node: string;
  readonly status: ApprovalStatus;
  readonly title: string;
  readonly body: string | null;
  readonly approvers: readonly string[];
  /** Approvals needed, and those that are given. */
  readonly quorum: number;
  readonly approvals: number;
  /** How often changes were requested so far, of how many times; null where nobody may. */
  readonly changes: (ChangesPolicy & { readonly made: number }) | null;
  readonly deadline: string;
  /** What silence means. */
  readonly onTimeout: OnTimeout;
  /** Who started the run. */
  readonly requester: string;
  readonly editable: readonly string[];
  /** JSON Schema of the form to fill in, or null. */
  readonly form: JsonObject | null;
  readonly decisions: readonly DecisionRecord[];
}

/** Everything that deciding needs to know. */
export interface Approval extends ApprovalView {
  readonly tenant: string;
  readonly allowRequester: boolean;
  readonly editSchemas: EditSchemas;
  readonly topic: string;
  /** Edits made before the decision, by earlier approvers too; they ship with an approval. */
  readonly draftEdits: Readonly<Record<string, Json>>;
  readonly deadlineMs: number;
  readonly settledAt: string | null;
  /** Who took the question back, and why; null where nobody did, or the run no longer waited. */
  readonly withdrawal: { readonly by: string; readonly reason: string | null } | null;
}

/** How an approval ended: what the waiting node reads. */
export interface Settlement {
  readonly status: Exclude<ApprovalStatus, 'pending'>;
  /** Null when it was withdrawn, or ran out of time for an operator to decide. */
  readonly decision: Decision | null;
  /** Who decided, or withdrew it. */
  readonly by: string | null;
  readonly at: string;
  readonly reason: string | null;
  /** Node id -> merge patch on that node's output, or null. */
  readonly edits: Json;
  readonly form: Json;
}
