// Performs one external change to its end: attempts under one key, each a checkpoint, with back-off that survives a crash (K13).
import type { RetryPolicy } from '../definitions/index.ts';
import { currentRun, runStep, stepId } from '../durable/index.ts';
import type { StepIds } from '../durable/index.ts';
import type { BreakerUse, Facts, Failure, JsonObject, Outcome, SecretPlace, SpanPlace } from '../kernel/index.ts';
import { nextAttempt } from '../resilience/index.ts';
import { CANCELLED } from '../tools/index.ts';
import { effectOf } from './effect-note.ts';
import type { RunContext } from './environment.ts';
import { isFinalCheckpoint } from './node-result.ts';
import type { AttemptCheckpoint, FinalCheckpoint, RetryCheckpoint } from './node-result.ts';
import { waitAgainIfRefused, whenServed } from './parking.ts';
import type { Parking } from './parking.ts';
import { attemptPlace } from './run-trace.ts';
import { ofRun, tell } from './tell.ts';

const MAX_NOTED_INPUT_BYTES = 16 * 1024;

export interface Act {
  /** Stored with each attempt: the node's path, so that a replay never takes another node's result. */
  readonly stepName: string;
  readonly ids: StepIds;
  readonly tool: string;
  readonly action: string;
  readonly args: JsonObject;
  /** Where in them their author wrote references to secrets. */
  readonly secrets: readonly SecretPlace[];
  /** As its checkpoint tells it: see EffectNote. */
  readonly takenBackBy?: string;
  readonly epoch?: number;
  readonly key: string;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly heartbeatMs?: number;
  /** May the first attempt made here repeat one that already took effect? */
  readonly suspect: boolean;
  /** Cuts the attempt in flight short; its reason is a {@link CutShort}. Absent: nothing may. */
  readonly signal?: AbortSignal;
  /** Once aborted no attempt follows the one in flight: the last failure stands. */
  readonly ending?: AbortSignal;
  /** It takes another act back, so it is performed however long the run's history is. */
  readonly undo?: boolean;
  /** What it is part of, in the trace of its run. */
  readonly place: SpanPlace;
  /** Absent: the breaker of the tool, as it comes. */
  readonly breaker?: BreakerUse;
  readonly parking?: Parking;
}

/** Why an act is cut short. */
export type CutShort = typeof CANCELLED | 'module timeout' | 'run timeout';

/** The act's final checkpoint, or undefined when it was stopped before anything was sent: then nothing is recorded. */
export async function performAct(context: RunContext, act: Act): Promise<FinalCheckpoint | undefined> {
  let last: RetryCheckpoint | undefined;
  for (let attempt = 1; ; attempt++) {
    const id = stepId(act.ids, attempt);
    const recorded = context.record.read<AttemptCheckpoint>(id);
    const suspect = mayRepeat(context, act, last);
    const next = { attempt, id, suspect, firstStartedAt: last?.firstStartedAt };
    const checkpoint = recorded ?? (await whenServed(context, act, async () => await inSlot(context, act, next)));
    if (checkpoint && !recorded) context.history.add(checkpoint);
    if (!checkpoint) return last && (await letStand(context, act, { id, last, suspect }));
    if (isFinalCheckpoint(checkpoint)) return checkpoint;
    last = checkpoint;
    if (!context.record.has(id + 1)) await pauseUntil(context, last.retryAt, anySignal(act.signal, act.ending));
  }
}

// An attempt may repeat one that took effect: a dead execution's, or our own last one if it ended in doubt.
function mayRepeat(context: RunContext, act: Act, last: RetryCheckpoint | undefined): boolean {
  if (!last) return act.suspect;
  const ownAttempt = !context.record.has(stepId(act.ids, last.attempt));
  return last.error.unknown || (!ownAttempt && context.tookOver);
}

interface Attempt {
  readonly attempt: number;
  readonly id: number;
  readonly suspect: boolean;
  readonly firstStartedAt: number | undefined;
}

// Undefined when the act is stopped before the attempt begins.
async function inSlot(context: RunContext, act: Act, attempt: Attempt): Promise<AttemptCheckpoint | undefined> {
  const { quiesce } = currentRun();
  const stopped = anySignal(act.signal, act.ending);
  quiesce.throwIfAborted();
  if (stopped.aborted) return undefined;
  try {
    const ended = AbortSignal.any([stopped, quiesce]);
    return await passGate(context, ended, async () => await attemptOnce(context, act, attempt));
  } catch (error) {
    if (!quiesce.aborted && isStop(error, act)) return undefined;
    throw error;
  }
}

// A run that is paused while it waits for a slot lets others have it, and waits for its gate again.
async function passGate<T>(
  { gate, slots, priority }: RunContext,
  ended: AbortSignal,
  body: () => Promise<T>,
): Promise<T> {
  for (;;) {
    await gate.opened(ended);
    const passed = await slots.run(priority, ended, async () =>
      gate.isClosed ? undefined : { value: await gate.pass(body) },
    );
    if (passed) return passed.value;
  }
}

// A cancel aborts both signals at once: which of the two reasons comes through is left open.
function isStop(error: unknown, { signal, ending }: Act): boolean {
  const stops = [signal, ending].filter((each) => each?.aborted);
  return stops.some((each) => error === each?.reason || (error instanceof Error && error.cause === each?.reason));
}

// The act is stopped during its back-off: the failure that would have been repeated is final. It keeps its kind, which says
// whether an effect may still arrive.
async function letStand(
  context: RunContext,
  act: Act,
  { id, last, suspect }: { id: number; last: RetryCheckpoint; suspect: boolean },
): Promise<FinalCheckpoint> {
  const { code, ...why } = cutShortError(last.error, act.signal);
  const error = { ...why, code, kind: last.error.kind, retryable: false, unknown: suspect };
  const checkpoint = await runStep<FinalCheckpoint>(id, act.stepName, async () => ({
    attempt: last.attempt,
    key: last.key,
    startedAt: last.startedAt,
    ...(last.effect && { effect: last.effect }),
    outcome: { ok: false, error },
    finishedAt: context.clock.now(),
  }));
  const fields = { ...ofRun(context), node: act.stepName, action: actionOf(act), code, unknown: suspect };
  context.emit({ level: 'info', name: 'activity.given_up', fact: true, fields, trace: act.place });
  return checkpoint;
}

function actionOf({ tool, action }: Act): string {
  return `${tool}.${action}`;
}

function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

async function attemptOnce(
  context: RunContext,
  act: Act,
  { attempt, id, suspect, firstStartedAt }: Attempt,
): Promise<AttemptCheckpoint> {
  const place = attemptPlace(act.place, act.key, attempt);
  let made: Made | undefined;
  const checkpoint = await runStep<AttemptCheckpoint>(id, act.stepName, async () => {
    const { clock, registry, facts } = context;
    const startedAt = clock.now();
    tell(context, 'debug', 'activity.started', { node: act.stepName, attempt, place });
    const { tool, action, args, secrets, key, signal, timeoutMs, heartbeatMs, breaker, undo: insistent } = act;
    const call = { tool, action, args, secrets, key, suspect, signal, timeoutMs, heartbeatMs, breaker, insistent };
    const outcome =
      refusedByHistory(context, act, suspect) ??
      (await registry.invoke({ ...call, tenant: facts.tenant, runId: facts.id, trace: place }));
    waitAgainIfRefused(act, outcome);
    const times = { attempt, startedAt, firstStartedAt: firstStartedAt ?? startedAt, finishedAt: clock.now() };
    made = { outcome, ...times, checkpoint: checkpointOf(context, act, outcome, times) };
    return made.checkpoint;
  });
  if (made) tellAttempt(context, act, made, place);
  return checkpoint;
}

interface Times {
  readonly attempt: number;
  readonly startedAt: number;
  readonly firstStartedAt: number;
  readonly finishedAt: number;
}

/** What an attempt that this execution made came to. */
interface Made extends Times {
  readonly outcome: Outcome;
  readonly checkpoint: AttemptCheckpoint;
}

// Once it is recorded: what is only replayed was told by whoever recorded it.
function tellAttempt(
  context: RunContext,
  act: Act,
  { outcome, checkpoint, attempt, startedAt, finishedAt }: Made,
  trace: SpanPlace,
): void {
  const fields: Facts['activity.completed'] = {
    ...ofRun(context),
    node: act.stepName,
    action: actionOf(act),
    undo: act.undo ?? false,
    attempt,
    startedAtMs: startedAt,
    ms: finishedAt - startedAt,
  };
  if (outcome.ok) return context.emit({ level: 'debug', name: 'activity.completed', fact: true, fields, trace });
  const { code, message, unknown } = outcome.error;
  const next = isFinalCheckpoint(checkpoint) ? 'stop' : 'retry';
  const failed: Facts['activity.attempt_failed'] = { ...fields, code, message, unknown, next };
  context.emit({ level: 'info', name: 'activity.attempt_failed', fact: true, fields: failed, trace });
}

// What may have happened before stays in doubt.
function refusedByHistory({ history }: RunContext, { undo }: Act, unknown: boolean): Outcome | undefined {
  const why = undo ? undefined : history.full;
  return why && { ok: false, error: { ...why, unknown } };
}

function checkpointOf(
  { random, registry }: RunContext,
  act: Act,
  outcome: Outcome,
  { attempt, startedAt, firstStartedAt, finishedAt }: Times,
): AttemptCheckpoint {
  const seen = {
    attempt,
    key: act.key,
    startedAt,
    ...effectOf(registry, act, outcome),
    ...(attempt === 1 && inputNote(act)),
  };
  if (outcome.ok) return { ...seen, outcome, finishedAt };
  const { error } = outcome;
  const stopped = act.signal?.aborted || act.ending?.aborted;
  const next = stopped
    ? { kind: 'stop' as const }
    : nextAttempt(act.retry, error, attempt, finishedAt - firstStartedAt, random);
  if (next.kind === 'retry') return { ...seen, error, firstStartedAt, retryAt: finishedAt + next.delayMs };
  return { ...seen, outcome: { ok: false, error: cutShortError(error, act.signal) }, finishedAt };
}

// What no plan tells; only small arguments, which a record holds many of.
function inputNote({ undo, args }: Act): { readonly input?: JsonObject } {
  return undo && Buffer.byteLength(JSON.stringify(args)) <= MAX_NOTED_INPUT_BYTES ? { input: args } : {};
}

/** A module's or run's time limit shows as such, not as what it cut short. */
export function cutShortError(error: Failure, signal: AbortSignal | undefined): Failure {
  if (!signal?.aborted || signal.reason === CANCELLED) return error;
  const code = signal.reason === 'run timeout' ? 'RUN_TIMEOUT' : 'MODULE_TIMEOUT';
  return { ...error, code, kind: 'timeout', retryable: false };
}

/** Waits until the database's clock shows `atMs`, without holding a place; ends early when `signal` is aborted. */
export async function pauseUntil(context: RunContext, atMs: number, signal?: AbortSignal): Promise<void> {
  const { quiesce } = currentRun();
  const either = signal ? AbortSignal.any([signal, quiesce]) : quiesce;
  while (!either.aborted && context.clock.now() < atMs) {
    await pause(Math.min(atMs - context.clock.now(), 60_000), either);
  }
  quiesce.throwIfAborted();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
