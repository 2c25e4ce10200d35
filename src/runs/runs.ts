// What the outside may ask of runs: the shapes that http/ and cli/ show, and the service behind them.
import type { AnswerVia, Decision } from '../approvals/index.ts';
import type { Coverage, NodeStatus, Plan } from '../definitions/index.ts';
import type { BulkActions, RunMatch } from './bulk.ts';
import type { RunGraph } from './history-view/run-graph.ts';
import type { NodeDecisionRequest } from './node-decision.ts';
import type { Failure, Json, JsonObject, Page, PageRequest, Problem } from '../kernel/index.ts';
import type { EffectView, LeakView } from './effect.ts';

export const FINAL_STATUSES = [
  'succeeded',
  'failed',
  'compensated',
  'rejected',
  'cancelled',
  'compensation_failed',
] as const;
export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'paused',
  'held',
  'stuck',
  'compensating',
  ...FINAL_STATUSES,
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];
export type Cause = 'failure' | 'rejection' | 'cancel' | 'timeout';
export type Priority = Plan['priority'];

export function isFinal(status: RunStatus): boolean {
  return (FINAL_STATUSES as readonly string[]).includes(status);
}

/** Who asks. The tenant comes from the key, never from the request. */
export interface Actor {
  readonly tenant: string;
  readonly user: string;
  readonly roles: readonly string[];
  /** Holds the role, and nobody knows who it is. */
  readonly isUnnamed?: boolean;
}

export interface StartRequest {
  readonly workflow: string;
  /** Absent: the highest version. */
  readonly version?: string;
  readonly input: Json;
  readonly priority?: Priority;
  readonly labels?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  /** Where in a trace it is asked for, as W3C Trace Context writes it; what is no such text is ignored. */
  readonly traceparent?: string;
}

export interface StartedRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly hash: string;
  readonly status: RunStatus;
}

/** What became of the acts that were to be taken back. */
export interface CompensationSummary {
  readonly total: number;
  readonly compensated: number;
  readonly failed: number;
  /** Failed compensations by node. */
  readonly failures: readonly { readonly node: string; readonly error: Failure }[];
  /** Acts that took effect, or may have, with neither a compensation nor `irreversible`: nothing takes them back. */
  readonly standing: readonly string[];
}

export interface RunView extends StartedRun {
  readonly tenant: string;
  readonly cause?: Cause;
  readonly input: Json;
  readonly output?: Json;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly node?: string;
    readonly remedy?: string;
  };
  readonly progress: number;
  readonly phase?: string;
  /** Why it does not move, in words. */
  readonly waiting?: string;
  readonly compensation?: CompensationSummary;
  /** Attempts of all activities that are recorded. */
  readonly attempts: number;
  readonly executor?: string;
  readonly sandboxed: boolean;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  readonly requester: string;
  /** Its trace, where one is kept. */
  readonly traceId: string;
  /** The run that began this one, and for which of its nodes. */
  readonly parent?: { readonly runId: string; readonly node: string };
  /** The runs that it began, by node. */
  readonly children?: readonly { readonly node: string; readonly runId: string; readonly status: RunStatus }[];
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
}

export interface RunProgress {
  readonly percentage: number;
  readonly phase: string | null;
  readonly startedAt: string;
  readonly elapsedSeconds: number;
  readonly modules: readonly {
    readonly id: string;
    readonly status: NodeStatus;
    readonly startedAt?: string;
    readonly finishedAt?: string;
  }[];
  readonly approvalReceived: boolean;
}

export interface RunFilter extends PageRequest {
  readonly workflow?: string;
  /** One of these. */
  readonly status?: readonly RunStatus[];
  /** Of its error. */
  readonly errorCode?: string;
  /** Where it failed: a node, or any node of a module. */
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly since?: Date;
  readonly until?: Date;
  /** Part of an id, a workflow's name, an error's code or text, or a label's value. */
  readonly q?: string;
}

/** Of the effects that stand although their run was taken back. */
export interface LeakFilter extends PageRequest {
  readonly workflow?: string;
  /** When the run ended. */
  readonly since?: Date;
  readonly until?: Date;
}

export interface DefinitionView {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  readonly title: string;
  readonly kind: 'yaml' | 'coded';
  readonly createdAt: string;
}

export interface DefinitionSource extends DefinitionView {
  readonly source: string | null;
  readonly mediaType: string | null;
  /** JSON Schema of the input; null where its code checks it. */
  readonly inputSchema: JsonObject | null;
  readonly graph: RunGraph;
}

/**
 * What `plan` shows: what would happen, with no effect (definitions/preview.ts), the `missingCredentials` and `missingSecrets` of this
 * process, the `breakers` of the services that the plan goes to, and the `channels` by which people are told of its approvals.
 */
export type RunPreview = JsonObject;

/** A decision about an approval, as its approver made it. */
export interface DecisionRequest {
  readonly decision: Decision;
  readonly reason?: string;
  /** Node id -> merge patch on that node's output. */
  readonly edits?: Readonly<Record<string, Json>>;
  readonly form?: Json;
}

export interface Definitions {
  /** Checks everything and stores; the same content again is not an error. Problems: BreakwaterError INVALID with all of them. */
  publish(
    actor: Actor,
    source: string,
    format: 'yaml' | 'json',
  ): Promise<{ definition: DefinitionView; warnings: readonly Problem[]; created: boolean }>;
  validate(
    source: string,
    format: 'yaml' | 'json',
  ): { definition: Omit<DefinitionView, 'createdAt' | 'kind'>; coverage: Coverage; warnings: readonly Problem[] };
  list(tenant: string, page: PageRequest): Promise<Page<DefinitionView>>;
  /** Without a version: all of them, highest first. Unknown: BreakwaterError NOT_FOUND with the nearest name. */
  versions(tenant: string, name: string): Promise<readonly DefinitionView[]>;
  read(tenant: string, name: string, version?: string): Promise<DefinitionSource>;
  plan(tenant: string, name: string, input: Json, version?: string): Promise<RunPreview>;
}

export interface Runs {
  readonly definitions: Definitions;
  /** `created` is false when the idempotency key gave an earlier run back. */
  start(actor: Actor, request: StartRequest): Promise<{ run: StartedRun; created: boolean }>;
  get(tenant: string, id: string): Promise<RunView>;
  /** Answers when the run is final or `timeoutMs` is up, whichever is first. */
  waitFor(tenant: string, id: string, timeoutMs: number): Promise<RunView>;
  list(tenant: string, filter: RunFilter): Promise<Page<RunView>>;
  /** How many the list has in all its pages; `more`: that many were counted, and there are more. */
  count(tenant: string, match: RunMatch): Promise<{ count: number; more: boolean }>;
  progress(tenant: string, id: string): Promise<RunProgress>;
  /** What the run changed outside, in the order in which it began. */
  effects(tenant: string, id: string, page: PageRequest): Promise<Page<EffectView>>;
  /** What stands although its run was taken back; the run that ended last first. */
  leaks(tenant: string, filter: LeakFilter): Promise<Page<LeakView>>;
  /** The verbs of operators: 409 with the reason where the run's state does not allow one (ARCHITECTURE.md, Control). */
  cancel(actor: Actor, id: string, options: { compensate: boolean; reason?: string }): Promise<RunView>;
  /** Attempts in flight finish, nothing new starts. A run that acts is `paused` once they have. */
  pause(actor: Actor, id: string, options?: { reason?: string }): Promise<RunView>;
  resume(actor: Actor, id: string, options?: { reason?: string }): Promise<RunView>;
  /** What becomes of a failed node of a run that is held, or of a compensation that failed. INVALID where it does not fit. */
  decideNode(actor: Actor, id: string, request: NodeDecisionRequest): Promise<RunView>;
  /** Takes back what a run that is over did and left. */
  compensate(actor: Actor, id: string, options?: { reason?: string }): Promise<RunView>;
  /** Has a run that is over go on from a node, once that and what was built on it is taken back. */
  rewind(actor: Actor, id: string, options: { node: string; reason?: string }): Promise<RunView>;
  /** A new run from there, with the outcomes of what is not repeated; `input` absent: the same. The same key gives the same run. */
  fork(
    actor: Actor,
    id: string,
    request: { node: string; input?: Json; reason?: string; idempotencyKey?: string },
  ): Promise<RunView>;
  /** Lets a run that is stuck go on, its cause being fixed. */
  release(actor: Actor, id: string, options?: { reason?: string }): Promise<RunView>;
  /** One of these verbs for all runs of a list. */
  readonly bulk: BulkActions;
  /** Durable send to a topic that the definition waits for; the same key twice is one message. */
  send(actor: Actor, id: string, topic: string, message: Json, idempotencyKey: string): Promise<void>;
  /** Edits an open approval's content before anyone decides: it ships with the approval. */
  amend(actor: Actor, approvalId: string, edits: Readonly<Record<string, Json>>): Promise<void>;
  /** Checks edits against the edited actions' output schemas, then decides (approvals/decide). */
  decide(actor: Actor, approvalId: string, request: DecisionRequest, via: AnswerVia): Promise<void>;
}
