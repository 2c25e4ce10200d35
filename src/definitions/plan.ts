// The validated graph that a run executes. Plain JSON: compiled once per hash, stored beside its source.
import type { BreakerUse, Json, JsonObject, RetryPolicy } from '../kernel/index.ts';

export type { RetryPolicy, RetryStrategy } from '../kernel/index.ts';

/** CEL source, without the `${{ }}` wrapper. Parsed and checked at compile time. */
export interface Expression {
  readonly cel: string;
}

/**
 * A value with holes: JSON in which a hole is `{ "$cel": source }` (keeps its type) or `{ "$liquid": source }` (text; with `markup` its holes are escaped for it).
 * Literal strings without a hole stay strings. A literal object never has these keys: they are refused in a definition.
 */
export type Template = Json;

/** The action that takes an activity back. */
export interface CompensationPlan {
  readonly tool: string;
  readonly action: string;
  /** Absent: the adapter's undo mapping makes the arguments (the short form). */
  readonly with?: Template;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  /** Absent: the breaker of the tool, as it comes. */
  readonly breaker?: BreakerUse;
}

/** Step ids that belong to a node (K5): `base` up to and excluding `base + size`. */
export interface StepRange {
  readonly base: number;
  readonly size: number;
}

interface NodeBase {
  /** `<module>.<activity>`, or `<module>` for an approval, a wait or a child run. */
  readonly id: string;
  readonly module: string;
  readonly name: string;
  /** Position in the document; the order in which equals start. */
  readonly index: number;
  /** Direct dependencies: all nodes of the module's dependencies, earlier siblings where sequential, and named ones. */
  readonly dependencies: readonly string[];
  /** Every ancestor: what a template of this node may refer to. */
  readonly ancestors: readonly string[];
  readonly wave: number;
  readonly range: StepRange;
  readonly when?: Expression;
  /** A failure counts as settled with output null. */
  readonly optional: boolean;
}

export interface ActivityNode extends NodeBase {
  readonly kind: 'activity';
  /** The tool's canonical name, aliases resolved. */
  readonly tool: string;
  readonly action: string;
  readonly with: Template;
  /** A list; the activity runs once an element with `item` and `index` in scope. */
  readonly forEach?: Expression;
  readonly maxParallel: number;
  readonly timeoutMs: number;
  /** How long an attempt may show no sign of life. Absent: as long as its timeout. */
  readonly heartbeatMs?: number;
  readonly retry: RetryPolicy;
  /** Absent: the breaker of the tool, as it comes. */
  readonly breaker?: BreakerUse;
  readonly compensation?: CompensationPlan;
  readonly irreversible: boolean;
  /** Does it change something outside? Absent in plans that were compiled before this was noted. */
  readonly effect?: boolean;
}

/** Where people are told of an approval. */
export interface ChannelPlan {
  readonly tool: 'slack' | 'sendgrid';
  /** A channel at Slack, or a mail address. */
  readonly to: Template;
  /** Whom the link in the mail speaks for. Absent: the first who is asked. */
  readonly as?: Template;
}

export interface EscalationPlan {
  readonly afterMs: number;
  /** Who may decide from then on too. */
  readonly to: Template;
  /** Absent: the approval's own channels at Slack. */
  readonly notify?: readonly ChannelPlan[];
}

export interface ApprovalNode extends NodeBase {
  readonly kind: 'approval';
  /** Texts with holes. */
  readonly title: Template;
  readonly body?: Template;
  /** Each element is `role:<name>` or `user:<name>` once its holes are filled. */
  readonly approvers: Template;
  readonly quorum: number;
  readonly allowRequester: boolean;
  readonly timeoutMs: number;
  /** `ask`: an operator decides what becomes of the run. */
  readonly onTimeout: 'reject' | 'approve' | 'ask';
  /**
   * Who may approve may ask for changes: the run goes back to module `to`, `max` times at most; where both are null, its code
   * sees to that. Absent: nobody may.
   */
  readonly changes?: { readonly to: string | null; readonly max: number | null };
  /** Node ids whose output the approver may edit. */
  readonly editable: readonly string[];
  readonly form?: JsonObject;
  readonly notify?: readonly ChannelPlan[];
  /** From the question on. */
  readonly remindAtMs?: readonly number[];
  readonly escalate?: readonly EscalationPlan[];
}

export interface WaitNode extends NodeBase {
  readonly kind: 'wait';
  readonly wait:
    | { readonly kind: 'message'; readonly topic: string; readonly timeoutMs?: number }
    | { readonly kind: 'for'; readonly durationMs: number }
    | { readonly kind: 'until'; readonly at: Template };
}

/** Another workflow, run as a run of its own; its output is the node's. */
export interface ChildNode extends NodeBase {
  readonly kind: 'workflow';
  readonly workflow: string;
  /** Absent: the highest there is when the node starts. */
  readonly version?: string;
  readonly input: Template;
}

export type PlanNode = ActivityNode | ApprovalNode | WaitNode | ChildNode;

export interface ModulePlan {
  readonly id: string;
  readonly type: 'parallel' | 'sequential' | 'approval' | 'wait' | 'workflow';
  /** Module ids. The module waits until all nodes of these are settled. */
  readonly dependencies: readonly string[];
  readonly nodes: readonly string[];
  readonly when?: Expression;
  readonly optional: boolean;
  readonly require?: Expression;
  readonly timeoutMs?: number;
  /** The run's percentage once this module is settled. */
  readonly progress: number;
  /** At most this many of the module's activities run at once. */
  readonly maxParallel: number;
}

export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** sha256 of the canonical parsed document. */
  readonly hash: string;
  readonly description?: string;
  readonly priority: 'low' | 'normal' | 'high' | 'critical';
  readonly execution: 'eager' | 'waves';
  readonly onFailure: 'compensate' | 'ask' | 'stop';
  readonly compensationOrder: 'reverse_graph' | 'lifo';
  readonly timeoutMs?: number;
  /** JSON Schema of the input; `true`-like `{}` when the document has none. */
  readonly input: JsonObject;
  readonly modules: readonly ModulePlan[];
  /** In document order. */
  readonly nodes: readonly PlanNode[];
  /** Node ids by depth. */
  readonly waves: readonly (readonly string[])[];
  readonly output?: Template;
  /** Topics of `wait: {message}`: the only ones that `POST /messages/{topic}` may reach. */
  readonly messageTopics: readonly string[];
}

/** How many of the acts that change something outside say what takes them back, or that nothing does. */
export interface Coverage {
  readonly effects: number;
  readonly covered: number;
  /** 100 where nothing is changed. */
  readonly percentage: number;
  readonly uncovered: readonly string[];
}

/** The status of a node as expressions see it in `status.<module>.<activity>`. */
export type NodeStatus =
  | 'pending'
  | 'waiting'
  | 'executing'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'unknown'
  | 'inherited'
  | 'compensating'
  | 'compensated'
  | 'compensation_failed';

/** `node` is the approval that asked. */
export type RequestedChange = {
  readonly node: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
};

/** What templates may read. `outputs` and `status` hold ancestors only, by node id. */
export interface Scope {
  readonly input: Json;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly status: Readonly<Record<string, NodeStatus>>;
  readonly run: {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly tenant: string;
    readonly startedAt: string;
    /** What approvers asked to be changed since, first to last: of what the run went back to, and of what comes after. */
    readonly changes: readonly RequestedChange[];
  };
  readonly item?: Json;
  readonly index?: number;
  /** In a compensation's arguments: the result of the act being undone. */
  readonly result?: Json;
}
