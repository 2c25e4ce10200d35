// What a coded workflow acts through, as its author sees it. Shapes only.
import type { ZodType } from 'zod';
import type { RetryPolicy, RetryPolicyName } from '../definitions/index.ts';
import type { BreakerSettings, Json, JsonObject } from '../kernel/index.ts';
import type { Activity } from './activity.ts';
import type { WithSecrets } from './secret.ts';
import type { WorkflowClass } from './workflow-class.ts';
import type { Message } from './workflow-message.ts';

/** How an act is performed: as in YAML, with the same defaults. Durations are `500ms`, `30s`, `5m`, `24h`, `7d`. */
export interface ActOptions<Undo extends string = string> {
  /** Of one attempt; default 30s. */
  readonly timeout?: string;
  /** An attempt that shows no sign of life this long is stalled, and tried again. */
  readonly heartbeat?: string;
  /** A named policy, or what is to differ from the default one, `idempotent_api_call`. */
  readonly retry?: RetryPolicyName | Partial<RetryPolicy>;
  /** The service whose breaker it goes through; default: the tool. With `park` it, and its undo, wait for a service that is down. */
  readonly breaker?: string | (Partial<BreakerSettings> & { readonly service?: string; readonly park?: boolean });
  /** The action that takes the act back: its name, by the adapter's undo mapping, or another with its arguments. */
  readonly compensation?: Undo | Compensation;
  /** Nothing takes this back: a later failure holds the run for an operator. */
  readonly irreversible?: boolean;
  /** A failure answers null instead of turning the run round. */
  readonly optional?: boolean;
}

/** An undo whose arguments are known before the act. */
export interface Compensation {
  readonly activity: Pick<Activity<object, unknown, string>, 'tool' | 'action'>;
  readonly with: WithSecrets<JsonObject>;
  /** Default: those of the act. */
  readonly retry?: ActOptions['retry'];
  readonly timeout?: string;
}

export interface CallOptions<Undo extends string = string> extends ActOptions<Undo> {
  /** What the act is stored as, unique in the run; default: the name of the action. */
  readonly name?: string;
}

/** An act by the names of its tool and action, for what is decided at run time: nothing is checked before it is performed. */
export interface SagaAct extends ActOptions {
  readonly tool: string;
  readonly action: string;
  readonly with: WithSecrets<JsonObject>;
}

/** Where people are told of a question. */
export interface ChannelRequest {
  /** `slack`: a message with buttons. `sendgrid`: a mail with a signed link. */
  readonly tool: 'slack' | 'sendgrid';
  /** A channel at Slack, or a mail address. */
  readonly to: string;
  /** Whom the link in the mail speaks for; default: the first who is asked. */
  readonly as?: string;
}

/** A question to people. */
export interface ApprovalRequest<Outputs extends Readonly<Record<string, Json>> = Readonly<Record<string, never>>> {
  /** What it is stored as, unique in the run. */
  readonly name: string;
  readonly title: string;
  readonly body?: string;
  /** Each `role:<name>` or `user:<name>`. */
  readonly approvers: readonly string[];
  /** How long it waits. */
  readonly timeout: string;
  /** Approvals needed, each of another person; default 1. */
  readonly quorum?: number;
  /** What an unanswered question means; default `reject`. */
  readonly onTimeout?: 'reject' | 'approve';
  /** An approver may ask for changes: it is answered, and the code does again what it must. Default false. */
  readonly changes?: boolean;
  /** May the one who started the run decide? Default false. */
  readonly allowRequester?: boolean;
  /** What acts answered, by the acts' names: the approver may edit it. */
  readonly editable?: Outputs;
  /** JSON Schema of what the approver fills in. */
  readonly form?: JsonObject;
  /** Who is told, and where. */
  readonly notify?: readonly ChannelRequest[];
  /** When who was told is reminded, from the question on: `['4h', '20h']`. */
  readonly remindAt?: readonly string[];
  /** Who is asked too when nobody has answered; told, by default, in the channels of `notify` at Slack. */
  readonly escalate?: readonly {
    readonly after: string;
    readonly to: readonly string[];
    readonly notify?: readonly ChannelRequest[];
  }[];
  /** A rejection is answered instead of turning the run round. */
  readonly optional?: boolean;
}

/** How a question ended. */
export interface ApprovalDecision<Outputs> {
  /** `request_changes` only where the request allows it; `reason` then says what is to be changed. */
  readonly decision: 'approve' | 'reject' | 'request_changes';
  /** Null when the deadline decided. */
  readonly by: string | null;
  readonly at: string;
  readonly reason: string | null;
  readonly form: Json;
  /** What `editable` held, as the approver left it: use this from here on. */
  readonly edited: Outputs;
}

export interface WaitRequest<T> {
  /** One that the workflow declares in its `messages`. */
  readonly message: Message<T>;
  /** Default: no limit. */
  readonly timeout?: string;
  /** What the wait is stored as, unique in the run; default: the message's topic. */
  readonly name?: string;
}

/** How another workflow is run. */
export interface ChildOptions {
  /** What the run is stored as, unique in the run that begins it; default: the workflow's name. */
  readonly name?: string;
  /** From its start to its end: beyond it, it is cancelled. Default: no limit. */
  readonly timeout?: string;
  /** A run that does not succeed answers null instead of turning this one round. */
  readonly optional?: boolean;
}

/** As {@link ChildOptions}, of a workflow that is known by name only. */
export interface NamedChildOptions<Output> extends ChildOptions {
  /** Default: the highest there is when it begins. */
  readonly version?: string;
  /** What the run must answer. Default: anything. */
  readonly output?: ZodType<Output>;
}

/** What the function of a note may use while it reads. */
export interface NoteCall {
  /** Aborted at the note's timeout, when it is silent for too long, or when the run is cancelled. */
  readonly signal: AbortSignal;
  /** A sign of life, where the note has a `heartbeat`. */
  heartbeat(): void;
}

export type ReadNote<T extends Json> = (call: NoteCall) => Promise<T> | T;

export interface NoteOptions {
  /** Default 30s. */
  readonly timeout?: string;
  readonly heartbeat?: string;
}

/**
 * What a coded workflow acts through. Every call is recorded under its name; on replay the recorded result is returned. The code
 * awaits nothing else, and of what a call throws it may keep a FailureError only.
 */
export interface Saga {
  /** Performs an act to its end. Throws a CallFailedError when it failed. */
  run<Args extends object, Answer, Undo extends string>(
    activity: Activity<Args, Answer, Undo>,
    args: WithSecrets<Args>,
    options: CallOptions<Undo> & { readonly optional: true },
  ): Promise<Answer | null>;
  run<Args extends object, Answer, Undo extends string>(
    activity: Activity<Args, Answer, Undo>,
    args: WithSecrets<Args>,
    options?: CallOptions<Undo>,
  ): Promise<Answer>;
  run(name: string, act: SagaAct): Promise<Json>;
  /** Asks people and waits for them, for days if need be. A rejection throws a CallFailedError and turns the run round. */
  approval<Outputs extends Readonly<Record<string, Json>> = Readonly<Record<string, never>>>(
    request: ApprovalRequest<Outputs>,
  ): Promise<ApprovalDecision<Outputs>>;
  /**
   * Begins a run of another workflow, waits for its end, for days if need be, and answers its output. Taken back with this run.
   * Throws a CallFailedError when it ended otherwise than `succeeded`. Given a class, it is of the class's version.
   */
  child<Input, Output>(
    workflow: WorkflowClass<Input, Output>,
    input: NoInfer<Input>,
    options: ChildOptions & { readonly optional: true },
  ): Promise<Output | null>;
  child<Input, Output>(
    workflow: WorkflowClass<Input, Output>,
    input: NoInfer<Input>,
    options?: ChildOptions,
  ): Promise<Output>;
  child<Output = Json>(
    workflow: string,
    input: Json,
    options: NamedChildOptions<Output> & { readonly optional: true },
  ): Promise<Output | null>;
  child<Output = Json>(workflow: string, input: Json, options?: NamedChildOptions<Output>): Promise<Output>;
  /** Waits for a message to the run. Throws a CallFailedError when none came in time. */
  wait<T>(request: WaitRequest<T>): Promise<T>;
  /** Waits so long. Answers the time at which it ended. */
  sleep(name: string, duration: string): Promise<Date>;
  /** Waits until then; a time that has passed ends it at once. */
  until(name: string, at: Date): Promise<Date>;
  /** Records what changes between replays, such as what a file holds. It only reads: nothing undoes it. Throws a CallFailedError when it failed. */
  note<T extends Json>(name: string, read: ReadNote<T>, options?: NoteOptions): Promise<T>;
  /** The time, recorded. Code that runs side by side gives each its own name. */
  now(name?: string): Promise<Date>;
  /** A UUID that is the same in every replay, another for each name. */
  uuid(name: string): string;
  /** A number in [0, 1) that is the same in every replay, another for each name. */
  random(name: string): number;
}
