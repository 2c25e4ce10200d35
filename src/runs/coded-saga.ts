// What a coded workflow acts through: every call is performed as a node of the plan or recorded as a note, in a branch of its own.
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { ENGINE_RANGE, currentRun, openBranches, runStep, stepId } from '../durable/index.ts';
import { FailureError, failure, sha256, uuidOf } from '../kernel/index.ts';
import type { Failure, Json, Outcome } from '../kernel/index.ts';
import { MAX_OUTCOME_BYTES, readWithin } from '../tools/index.ts';
import { durationOf } from './coded-workflow.ts';
import type { NoteOptions, ReadNote, Saga, SagaAct } from './coded-workflow.ts';
import type { RunContext } from './environment.ts';
import type { GrowingPlan } from './growing-plan.ts';
import { historyLimit } from './history.ts';
import { performAct } from './perform-act.ts';
import { recordable } from './recordable.ts';
import { actKey } from './run-activity.ts';
import type { ResolvedNode } from './run-activity.ts';
import { FIRST_NOTE, actIds } from './step-layout.ts';

const DEFAULT_NOTE_TIMEOUT = '30s';
/** Each is a node to take back one by one. */
const MAX_ACTS = 10_000;
const MAX_NOTES = ENGINE_RANGE.size - FIRST_NOTE;

/** Thrown by a call that has no record while the workflow is only replayed to learn what it did (K8): it never ends. */
class Stop extends Error {}

export type CodedContext = RunContext & { readonly plan: GrowingPlan };

export class RecordedSaga implements Saga {
  /** Acts that an execution before this one may have begun (K7). */
  readonly suspects: string[] = [];
  /** Rejects once the workflow must go no further, whatever its code makes of what a call threw. */
  readonly over: Promise<never>;
  readonly #context: CodedContext;
  readonly #mode: 'forward' | 'replay';
  /** Cuts acts in flight short. */
  readonly #cut: AbortSignal;
  readonly #branches = openBranches<string, void>();
  readonly #ending = new AbortController();
  readonly #end: (why: unknown) => void;
  #closed = false;
  #started = 0;
  #notes = 0;

  constructor(context: CodedContext, mode: 'forward' | 'replay', cut: AbortSignal) {
    this.#context = context;
    this.#mode = mode;
    this.#cut = cut;
    const { promise, reject } = Promise.withResolvers<never>();
    this.over = promise;
    this.#end = reject;
    const { quiesce } = currentRun();
    quiesce.addEventListener('abort', () => reject(quiesce.reason), { once: true });
  }

  /** Nothing begins any more. Waits for the acts in flight, whose retries end when the run turns; throws what escaped from one. */
  async close(ending: 'turning' | 'done'): Promise<void> {
    this.#closed = true;
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

  run(name: string, act: SagaAct): Promise<Json> {
    const node = this.#context.plan.add(name, act);
    return this.#call(name, async () => await this.#act(node));
  }

  note<T extends Json>(name: string, read: ReadNote<T>, options: NoteOptions = {}): Promise<T> {
    const index = this.#notes++;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the step's name ties a note to the code that wrote it
    return this.#call(`note ${index}`, async () => (await this.#note(index, name, read, options)) as T);
  }

  async now(): Promise<Date> {
    return new Date(await this.note('now', () => this.#context.clock.now()));
  }

  uuid(name: string): string {
    return uuidOf(sha256(`${this.#context.facts.id}\nuuid\n${name}`));
  }

  random(name: string): number {
    const digits = sha256(`${this.#context.facts.id}\nrandom\n${name}`).slice(0, 13);
    return Number.parseInt(digits, 16) / 2 ** 52;
  }

  // What no author's code may catch is kept from it: then the call never ends, and `over` says why.
  #call<T>(key: string, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#closed) return promise;
    this.#started += 1;
    this.#branches.start(key, async () => {
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
    const context = this.#context;
    if (!context.record.has(actIds(node).base + 1)) await this.#mayBegin(node);
    const checkpoint = await performAct(context, {
      stepName: node.id,
      ids: actIds(node),
      tool: node.tool,
      action: node.action,
      args: node.args,
      key: actKey(context, node, undefined),
      retry: node.retry,
      timeoutMs: node.timeoutMs,
      heartbeatMs: node.heartbeatMs,
      suspect: context.tookOver,
      signal: this.#cut,
      ending: this.#ending.signal,
    });
    return valueOf(node, checkpoint?.outcome ?? { ok: false, error: cancelled(`"${node.id}" was cut short`) });
  }

  async #mayBegin({ id, index }: ResolvedNode): Promise<void> {
    if (this.#mode === 'replay') throw new Stop();
    const { controls, facts, history, tookOver } = this.#context;
    const control = await controls.heed(facts.id);
    const why = control ? cancelled(`the run was cancelled before "${id}"`) : (history.full ?? tooMany(index));
    if (!why) return;
    if (tookOver) this.suspects.push(id);
    this.#stop(why);
  }

  async #note<T extends Json>(
    index: number,
    name: string,
    read: ReadNote<T>,
    { timeout = DEFAULT_NOTE_TIMEOUT, heartbeat }: NoteOptions,
  ): Promise<Json> {
    const { record, history } = this.#context;
    const isNew = !record.has(FIRST_NOTE + index);
    if (isNew) this.#mayNote(index, name);
    const limits = {
      signal: this.#cut,
      timeoutMs: durationOf(timeout),
      ...(heartbeat !== undefined && { heartbeatMs: durationOf(heartbeat) }),
    };
    const id = stepId(ENGINE_RANGE, FIRST_NOTE + index);
    const outcome = await runStep<Outcome>(id, `note ${name}`, async () => await settleNote(name, limits, read));
    if (isNew) history.add(outcome);
    if (outcome.ok) return outcome.value;
    throw new FailureError(outcome.error);
  }

  #mayNote(index: number, name: string): void {
    if (this.#mode === 'replay') throw new Stop();
    if (this.#cut.aborted) this.#stop(cancelled(`the run was cancelled before the note "${name}"`));
    if (index >= MAX_NOTES) this.#stop(historyLimit(`the run has taken ${MAX_NOTES} notes, the most that code may`));
    if (this.#context.history.full) this.#stop(this.#context.history.full);
  }

  // The run's turn is decided: the code may catch this one error, but gets no answer to any further call.
  #stop(why: Failure): never {
    const error = new FailureError(why);
    this.#closed = true;
    this.#end(error);
    throw error;
  }
}

function valueOf(node: ResolvedNode, outcome: Outcome): Json {
  if (outcome.ok) return outcome.value;
  if (node.optional && outcome.error.kind !== 'cancelled') return null;
  throw new FailureError(outcome.error);
}

// Its failure is recorded too: a note that was read once is never read again.
async function settleNote<T extends Json>(
  name: string,
  limits: Parameters<typeof readWithin>[0],
  read: ReadNote<T>,
): Promise<Outcome> {
  try {
    return { ok: true, value: recordable(`the note "${name}"`, await readWithin(limits, read), MAX_OUTCOME_BYTES) };
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, error: error.failure };
    throw error;
  }
}

function cancelled(message: string): Failure {
  return failure('CANCELLED', message, { kind: 'cancelled' });
}

function tooMany(index: number): Failure | undefined {
  return index < MAX_ACTS ? undefined : historyLimit(`the run has performed ${MAX_ACTS} acts, the most that code may`);
}
