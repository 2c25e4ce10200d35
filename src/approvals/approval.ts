// An approval: a durable question to people, as the table holds it and as the API shows it. Shapes only.
import type { Json, JsonObject } from '../kernel/index.ts';

export const APPROVAL_STATUSES = ['pending', 'approved', 'rejected', 'expired', 'withdrawn'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];
export type Decision = 'approve' | 'reject';

/** Who decides, or asks. The tenant comes from the key or the link, never from the request. */
export interface ApprovalActor {
  readonly tenant: string;
  readonly user: string;
  readonly roles: readonly string[];
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
  readonly onTimeout: Decision;
  /** Node ids whose output the approver may edit. */
  readonly editable: readonly string[];
  /** What each editable output must be, as JSON Schema by node, where no plan of the definition says it. */
  readonly editSchemas?: EditSchemas;
  /** JSON Schema of what the approver fills in. */
  readonly form?: JsonObject;
  /** The wake topic of the node that waits. */
  readonly topic: string;
  readonly timeoutMs: number;
}

export interface DecisionRecord {
  readonly decision: Decision;
  /** Null when the deadline decided. */
  readonly by: string | null;
  readonly via: 'api' | 'link' | 'timeout';
  readonly reason: string | null;
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
  readonly deadline: string;
  readonly editable: readonly string[];
  /** JSON Schema of the form to fill in, or null. */
  readonly form: JsonObject | null;
  readonly decisions: readonly DecisionRecord[];
}

/** Everything that deciding needs to know. */
export interface Approval extends ApprovalView {
  readonly tenant: string;
  readonly requester: string;
  readonly allowRequester: boolean;
  readonly onTimeout: Decision;
  readonly editSchemas: EditSchemas;
  readonly topic: string;
  /** Edits made before the decision; they ship with an approval. */
  readonly draftEdits: Readonly<Record<string, Json>>;
  readonly deadlineMs: number;
  readonly settledAt: string | null;
}

/** How an approval ended: what the waiting node reads. */
export interface Settlement {
  readonly status: Exclude<ApprovalStatus, 'pending'>;
  /** Null when it was withdrawn. */
  readonly decision: Decision | null;
  readonly by: string | null;
  readonly at: string;
  readonly reason: string | null;
  /** Node id -> merge patch on that node's output, or null. */
  readonly edits: Json;
  readonly form: Json;
}
