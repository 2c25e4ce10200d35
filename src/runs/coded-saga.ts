// The saga of one execution: every call is performed as a node of the plan or recorded as a note, in a branch of its own.
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { ApprovalNode, ChildNode, PlanNode, WaitNode } from '../definitions/index.ts';
import { ENGINE_RANGE, currentRun, loadRecord, openBranches, runStep, throwIfQuiescing } from '../durable/index.ts';
import { FailureError, failure, sha256, uuidOf } from '../kernel/index.ts';
import type { Failure, Json, Outcome } from '../kernel/index.ts';
import { MAX_OUTCOME_BYTES } from '../tools/index.ts';
import type { EditSchemas } from '../approvals/index.ts';
import type { Activity } from './activity.ts';
import { reasonOf } from './advance.ts';
import { CallFailedError } from './call-failed.ts';
import { createCodedMovement } from './coded-movement.ts';
import type { CodedMovement } from './coded-movement.ts';
import { decided, endOf, messageOf } from './coded-answers.ts';
import { calleeOf, childOutput } from './coded-child.ts';
import type { Callee } from './coded-child.ts';
import { settleNote } from './coded-note.ts';
import { emptyScope, runCodedWait } from './coded-wait.ts';
import type { CodedPlaces } from './coded-places.ts';
import { durationOf } from './coded-workflow.ts';
import { undoDoubts } from './compensate.ts';
import { undoNameOf } from './effect-note.ts';
import type { Control } from './control-store.ts';
import type { RunContext } from './environment.ts';
import { finalCheckpoint } from './fold-record.ts';
import type { GrowingPlan } from './growing-plan.ts';
import { historyLimit } from './history.ts';
import type { FinalCheckpoint, NodeResult } from './node-result.ts';
import { resultOf } from './node-result.ts';
import { outputSchema } from './output-schema.ts';
import type { Parking } from './parking.ts';
import { stayPaused } from './pause.ts';
import { performAct } from './perform-act.ts';
import { recordable } from './recordable.ts';
import { actKey } from './run-activity.ts';
import type { ResolvedNode } from './run-activity.ts';
import { followChild } from './run-child.ts';
import type { Following } from './run-child.ts';
import { runApproval } from './run-wait.ts';
import type { WaitRun } from './run-wait.ts';
import type {
  ApprovalDecision,
  ApprovalRequest,
  CallOptions,
  ChildOptions,
  NamedChildOptions,
  NoteOptions,
  ReadNote,
  Saga,
  SagaAct,
  WaitRequest,
} from './saga.ts';
import type { WithSecrets } from './secret.ts';
import { FIRST_NOTE, actIds, openId, settledId } from './step-layout.ts';
import type { WorkflowClass } from './workflow-class.ts';

const DEFAULT_NOTE_TIMEOUT = '30s';
/** Each is a node to take back one by one. */
const MAX_ACTS = 10_000;
/** The branch of a run that is paused; no call has an empty name. */
const PAUSE = '';
const MAX_NOTES = ENGINE_RANGE.size - FIRST_NOTE;

/** Thrown by a call that has no record while the workflow is only replayed to learn what it did (K8): it never ends. */
class Stop extends Error {}

export type CodedContext = RunContext & { readonly plan: GrowingPlan; readonly places: CodedPlaces };

export class RecordedSaga implements Saga {
  /** Acts that the replay came to and that have no record: an earlier execution may have begun them (K7). */
  readonly suspects: string[] = [];
  /** Rejects once the workflow must go no further, whatever its code makes of what a call threw. */
  readonly over: Promise<never>;
  readonly #context: CodedContext;
  #mode: 'forward' | 'replay';
  /** Cuts acts in flight short. */
  readonly #cut: AbortSignal;
  readonly #branches = openBranches<string, void>();
  readonly #movement: CodedMovement;
  readonly #ending = new AbortController();
  readonly #waitsEnd = new AbortController();
  readonly #end: (why: unknown) => void;
  #closed = false;
  #started = 0;
  #looks = 0;

  constructor(context: CodedContext, mode: 'forward' | 'replay', cut: AbortSignal) {
    this.#context = context;
    this.#mode = mode;
    this.#cut = cut;
    this.#movement = createCodedMovement(context);
    const { promise, reject } = Promise.withResolvers<never>();
    this.over = promise;
    this.#end = reject;
    const { quiesce } = currentRun();
    quiesce.addEventListener('abort', () => reject(quiesce.reason), { once: true });
  }

  /** A pause that is asked begins now; its end finds itself. */
  obey(control: Control | undefined): void {
    const { gate } = this.#context;
    if (!control?.pause || control.cancel || this.#closed || this.#branches.has(PAUSE)) return;
    gate.close();
    this.#branches.start(PAUSE, async () => await stayPaused(this.#context));
  }

  /** Nothing begins any more. Waits for the acts in flight, whose retries end when the run turns; throws what escaped from one. */
  async close(ending: 'turning' | 'done'): Promise<void> {
    this.#closed = true;
    this.#waitsEnd.abort();
    if (ending === 'turning') this.#ending.abort('the run turned round');
    await this.#branches.drain();
  }

  /** Resolves once nothing is in flight and the code begins nothing more by itself. */
  async idle(): Promise<void> {
    for (let seen = -1; seen < this.#started;) {
      seen = this.#started;
      await this.#branches.drain();
      await turnOfTheLoop();
    }
  }

  /** Lets what code that runs side by side has recorded be replayed, although the workflow is done. Nothing new begins. */
  async finishReplay(): Promise<void> {
    this.#mode = 'replay';
    for (let left = Number.POSITIVE_INFINITY; this.#context.places.unclaimed().length < left;) {
      left = this.#context.places.unclaimed().length;
      for (let turn = 0; left > 0 && turn < 3; turn++) await turnOfTheLoop();
    }
  }

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
  run(
    activity: string | Activity<object, unknown, string>,
    given: object,
    { name, ...options }: CallOptions = {},
  ): Promise<unknown> {
    const node =
      typeof activity === 'string'
        ? // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the overload with a name takes a SagaAct
          this.#context.plan.act(activity, given as SagaAct)
        : this.#context.plan.act(name ?? activity.action, { ...activity, ...options, with: given });
    return this.#call(node.id, async () => await this.#act(node));
  }

  approval<Outputs extends Readonly<Record<string, Json>> = Readonly<Record<string, never>>>(
    request: ApprovalRequest<Outputs>,
  ): Promise<ApprovalDecision<Outputs>> {
    const node = this.#context.plan.approval(request);
    return this.#call(node.id, async () => {
      const schemas = editSchemas(this.#context, node);
      const decision = await this.#wait(node, async (wait) => await runApproval(this.#context, wait, schemas));
      return decided(decision, request.editable);
    });
  }

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
  child(callee: Callee, given: unknown, options: NamedChildOptions<unknown> = {}): Promise<unknown> {
    const { workflow, version } = calleeOf(callee, options);
    const { name = workflow, timeout, optional = false, output } = options;
    const input = recordable(`the input of "${name}"`, given, MAX_OUTCOME_BYTES);
    const timeoutMs = timeout === undefined ? undefined : durationOf(timeout);
    const node = this.#context.plan.child(name, { workflow, ...(version !== undefined && { version }), optional });
    return this.#call(node.id, async () => {
      const value = await this.#wait(node, async (wait) => await this.#child({ ...wait, input, timeoutMs }));
      return childOutput(node, output, value);
    });
  }

  wait<T>({ message, timeout, name = message.topic }: WaitRequest<T>): Promise<T> {
    const { topic, body } = message;
    const { plan } = this.#context;
    if (!plan.messageTopics.includes(topic)) {
      const known = plan.messageTopics.join(', ') || 'none';
      throw new TypeError(`${plan.name} waits for "${topic}", and declares the messages: ${known}`);
    }
    const timeoutMs = timeout === undefined ? {} : { timeoutMs: durationOf(timeout) };
    const node = plan.wait(name, { kind: 'message', topic, ...timeoutMs });
    return this.#call(node.id, async () => messageOf(node, body, await this.#time(node)));
  }

  sleep(name: string, duration: string): Promise<Date> {
    const node = this.#context.plan.wait(name, { kind: 'for', durationMs: durationOf(duration) });
    return this.#call(node.id, async () => endOf(await this.#time(node)));
  }

  until(name: string, at: Date): Promise<Date> {
    const node = this.#context.plan.wait(name, { kind: 'until', at: at.toISOString() });
    return this.#call(node.id, async () => endOf(await this.#time(node)));
  }

  note<T extends Json>(name: string, read: ReadNote<T>, options: NoteOptions = {}): Promise<T> {
    const id = this.#context.places.note(name);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the step's name ties a note to the code that wrote it
    return this.#call(`note ${id}`, async () => (await this.#note(id, name, read, options)) as T);
  }

  async now(name = 'now'): Promise<Date> {
    return new Date(await this.note(name, () => this.#context.clock.now()));
  }

  uuid(name: string): string {
    return uuidOf(sha256(`${this.#context.facts.id}\nuuid\n${name}`));
  }

  random(name: string): number {
    const digits = sha256(`${this.#context.facts.id}\nrandom\n${name}`).slice(0, 13);
    return Number.parseInt(digits, 16) / 2 ** 52;
  }

  // What no author's code may catch is kept from it: then the call never ends, and `over` says why.
  #call<T>(call: string, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#closed) return promise;
    this.#started += 1;
    this.#branches.start(`call ${call}`, async () => {
      try {
        resolve(await work());
      } catch (error) {
        if (error instanceof FailureError) reject(error);
        else if (!(error instanceof Stop)) throw error;
      }
    });
    // An author may await it later, or never.
    promise.catch(() => undefined);
    return promise;
  }

  async #act(node: ResolvedNode): Promise<Json> {
    const { record } = this.#context;
    const isNew = !record.has(actIds(node).base + 1);
    if (isNew && this.#mode === 'replay') this.suspects.push(node.id);
    if (isNew) await this.#mayBegin(node.id, tooMany(node.index));
    const begun = finalCheckpoint(record, node) ? undefined : this.#movement.actBegins();
    try {
      await begun;
      const checkpoint = await this.#perform(node);
      const result = checkpoint ? resultOf(checkpoint) : cutShort(node.id);
      if (node.optional && result.status === 'unknown' && this.#mode === 'forward') await this.#undoDoubts(node);
      return valueOf(node, result);
    } finally {
      if (begun) this.#actEnds(node.id);
    }
  }

  async #perform(node: ResolvedNode): Promise<FinalCheckpoint | undefined> {
    const context = this.#context;
    const { tool, action, args, secrets, retry, timeoutMs, heartbeatMs, breaker } = node;
    return await performAct(context, {
      stepName: node.id,
      ids: actIds(node),
      tool,
      action,
      args,
      secrets,
      takenBackBy: undoNameOf(node),
      key: actKey(context, node, undefined),
      retry,
      timeoutMs,
      heartbeatMs,
      suspect: context.tookOver,
      place: context.trace.run,
      breaker,
      ...(breaker?.park && { parking: this.#parkingOf(node.id, breaker.service) }),
      signal: this.#cut,
      ending: this.#ending.signal,
    });
  }

  #parkingOf(call: string, service: string): Parking {
    return {
      parked: () => {
        this.#movement.parks(call, service);
        this.#look();
      },
      resumed: async () => await this.#movement.unparks(call),
    };
  }

  // What an optional act left behind must not outlive the doubt about it.
  async #undoDoubts(node: ResolvedNode): Promise<void> {
    await undoDoubts({ ...this.#context, record: await loadRecord(this.#context.knex) }, node, new Map());
  }

  #actEnds(call: string): void {
    this.#movement.actEnds(call);
    if (this.#movement.mayWait) this.#look();
  }

  // The code may begin its next act in this turn: whether the run waits shows after it.
  #look(): void {
    this.#branches.start(`look ${this.#looks++}`, async () => {
      await turnOfTheLoop();
      await this.#movement.look();
    });
  }

  async #time(node: WaitNode): Promise<Json> {
    return await this.#wait(node, async (wait) => await runCodedWait(this.#context, wait));
  }

  // Nothing begins while the run is paused; what has begun is waited for.
  async #child(following: Following): Promise<NodeResult | undefined> {
    if (!this.#context.record.has(openId(following.node))) await this.#unpaused();
    return following.signal.aborted ? undefined : await followChild(this.#context, following);
  }

  async #wait<Node extends ApprovalNode | ChildNode | WaitNode>(
    node: Node,
    run: (wait: WaitRun<Node>) => Promise<NodeResult | undefined>,
  ): Promise<Json> {
    const settled = this.#context.record.read<FinalCheckpoint>(settledId(node));
    if (settled) return valueOf(node, resultOf(settled));
    await this.#mayBegin(node.id, tooMany(node.index));
    const onWaiting = (): void => {
      this.#movement.waitBegins(node.id);
      this.#look();
    };
    // A run that was begun is waited for like an act in flight, although the code is done.
    const end = node.kind === 'workflow' ? this.#ending.signal : this.#waitsEnd.signal;
    const signal = AbortSignal.any([this.#cut, end]);
    const result = await run({ node, scope: emptyScope(this.#context), signal, onWaiting });
    this.#movement.waitEnds(node.id);
    return valueOf(node, result ?? cutShort(node.id));
  }

  async #mayBegin(call: string, limit?: Failure): Promise<void> {
    if (this.#mode === 'replay') throw new Stop();
    const { controls, facts, history } = this.#context;
    const control = await controls.heed(facts.id);
    this.obey(control);
    const why = control?.cancel ? cancelled(`the run was cancelled before "${call}"`) : (history.full ?? limit);
    if (why) this.#stop(call, why);
  }

  async #note<T extends Json>(
    id: number,
    name: string,
    read: ReadNote<T>,
    { timeout = DEFAULT_NOTE_TIMEOUT, heartbeat }: NoteOptions,
  ): Promise<Json> {
    const { record, history, registry } = this.#context;
    const isNew = !record.has(id);
    if (isNew) this.#mayNote(id, name);
    if (isNew) await this.#unpaused();
    const limits = {
      signal: this.#cut,
      timeoutMs: durationOf(timeout),
      ...(heartbeat !== undefined && { heartbeatMs: durationOf(heartbeat) }),
    };
    const outcome = await runStep<Outcome>(
      id,
      `note ${name}`,
      async () => await settleNote(registry, name, limits, read),
    );
    if (isNew) history.add(outcome);
    if (outcome.ok) return outcome.value;
    throw new CallFailedError(name, { cause: 'failure', at: name, failure: outcome.error });
  }

  async #unpaused(): Promise<void> {
    await this.#context.gate.opened(AbortSignal.any([this.#cut, currentRun().quiesce]));
    throwIfQuiescing();
  }

  #mayNote(id: number, name: string): void {
    if (this.#mode === 'replay') throw new Stop();
    if (this.#cut.aborted) this.#stop(name, cancelled(`the run was cancelled before the note "${name}"`));
    if (id >= ENGINE_RANGE.size) {
      this.#stop(name, historyLimit(`the run has taken ${MAX_NOTES} notes, the most that code may`));
    }
    if (this.#context.history.full) this.#stop(name, this.#context.history.full);
  }

  // The run's turn is decided: the code may catch this one error, but gets no answer to any further call.
  #stop(call: string, why: Failure): never {
    const error = new CallFailedError(call, { cause: 'failure', at: call, failure: why });
    this.#closed = true;
    this.#end(error);
    throw error;
  }
}

function valueOf(node: PlanNode, result: NodeResult): Json {
  const reason = reasonOf(node, result);
  if (reason && (!node.optional || result.error?.kind === 'cancelled')) throw new CallFailedError(node.id, reason);
  return result.value;
}

function cutShort(call: string): NodeResult {
  return { status: 'failed', value: null, error: cancelled(`"${call}" was cut short`), finishedAtMs: 0 };
}

function editSchemas({ plan, registry }: CodedContext, { editable }: ApprovalNode): EditSchemas {
  const acts = plan.acts().filter(({ id }) => editable.includes(id));
  return Object.fromEntries(acts.map((act) => [act.id, outputSchema(registry.catalog, act) ?? {}]));
}

function cancelled(message: string): Failure {
  return failure('CANCELLED', message, { kind: 'cancelled' });
}

function tooMany(index: number): Failure | undefined {
  return index < MAX_ACTS ? undefined : historyLimit(`the run has made ${MAX_ACTS} calls, the most that code may`);
}
