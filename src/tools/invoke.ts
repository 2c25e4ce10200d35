// One attempt at one action: arguments checked, probe before repeat, timeout, and an outcome that the saga may decide on.
import {
  didYouMean, failure, FailureError, formatDuration, type Failure, type Json, type JsonObject, type Outcome, type Problem,
} from '../kernel/index.ts';
import { codePrefix } from './http-failure.ts';
import type { ToolHttp } from './http-client.ts';
import { NotPlainError, plainJson, storableText } from './plain-json.ts';
import type { ConnectedTool, Registry } from './registry.ts';
import type { BoundAct, ToolAction, ToolCall } from './tool.ts';

export interface Invocation {
  readonly tool: string;
  readonly action: string;
  readonly args: JsonObject;
  /** The idempotency key of this external change (D9). */
  readonly key: string;
  /** May an earlier attempt under this key have taken effect? Then the action's probe looks first (K7). */
  readonly suspect: boolean;
  /** Aborts the attempt. The reason `'cancelled'` makes it CANCELLED, any other a TIMEOUT. */
  readonly signal?: AbortSignal;
  /** Of this one attempt, its probe included. */
  readonly timeoutMs: number;
  readonly tenant: string;
  readonly runId: string;
}

/** What `signal` is aborted with when people or operators stopped the run. */
export const CANCELLED = 'cancelled';

/** The largest outcome a checkpoint holds. */
export const MAX_OUTCOME_BYTES = 1024 * 1024;

/**
 * Runs the attempt. Whatever the vendor, the network or the arguments did becomes an outcome; anything else that is thrown (a
 * defect of ours, an error of our own database) is thrown on, for it must never decide a saga (D1).
 */
export async function invokeAction(registry: Registry, invocation: Invocation): Promise<Outcome> {
  const found = findAction(registry, invocation);
  if (!found.ok) return found;
  const bound = found.action.bind(invocation.args);
  if (!bound.ok) return { ok: false, error: invalidArguments(invocation, bound.problems) };
  if (found.connected.connection.state === 'missing') {
    const { tool, connection } = found.connected;
    const unknown = invocation.suspect && found.action.effect;
    return { ok: false, error: { ...notConfigured(tool.name, connection.variables), unknown } };
  }
  return await attempt(found.connected, found.action, bound.act, invocation);
}

/** Arguments for the undo action of an act, or undefined when there is nothing to undo. `result` is absent when the outcome is unknown. */
export function undoArguments(
  registry: Registry,
  act: { tool: string; action: string; undoAction: string; input: JsonObject; result?: Json; key: string },
): JsonObject | undefined {
  const found = findAction(registry, act);
  if (!found.ok) throw new FailureError(found.error);
  return found.action.undoArguments(act.undoAction, { input: act.input, result: act.result, key: act.key });
}

type Found = { ok: true; connected: ConnectedTool; action: ToolAction } | { ok: false; error: Failure };

// A definition names only what exists; a run pinned to an older catalog may still meet this.
function findAction(registry: Registry, { tool, action }: { tool: string; action: string }): Found {
  const connected = registry.get(tool);
  if (!connected) {
    const message = `Unknown tool "${tool}"${didYouMean(tool, registry.catalog.toolNames())}`;
    return { ok: false, error: failure('UNKNOWN_ACTION', message, { kind: 'refused' }) };
  }
  const { actions } = connected.tool;
  const known = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (known) return { ok: true, connected, action: known };
  const message = `Unknown action "${action}" of tool "${tool}"${didYouMean(action, Object.keys(actions))}`;
  return { ok: false, error: failure('UNKNOWN_ACTION', message, { kind: 'refused' }) };
}

function invalidArguments({ tool, action }: Invocation, problems: readonly Problem[]): Failure {
  const list = problems.map(({ path, message }) => `${path || '/'}: ${message}`).join('; ');
  return failure('INVALID_ARGUMENTS', `${tool}.${action} was called with wrong arguments: ${list}`);
}

function notConfigured(tool: string, variables: readonly string[]): Failure {
  const message =
    `${tool} is not configured: set ${variables.join(' and ')} in the environment, ` +
    'or BREAKWATER_SANDBOX to the URL of a sandbox (npm run sandbox) to try it without credentials';
  return failure(`${codePrefix(tool)}_NOT_CONFIGURED`, message, { kind: 'refused' });
}

async function attempt(
  connected: ConnectedTool,
  action: ToolAction,
  act: BoundAct,
  invocation: Invocation,
): Promise<Outcome> {
  const { signal, clear } = limitTime(invocation);
  const call = createCall(connected, invocation, signal);
  const progress = { started: false, doubtful: invocation.suspect };
  try {
    signal.throwIfAborted();
    progress.started = true;
    const answer = await perform(act, call, progress);
    return settle(connected.tool.name, action, answer);
  } catch (error) {
    const failed = failureOf(error, signal, progress.started, invocation);
    const unknown = action.effect && (failed.unknown || progress.doubtful || call.http.changed);
    return { ok: false, error: { ...failed, unknown, message: storableText(failed.message).slice(0, MAX_MESSAGE_LENGTH) } };
  } finally {
    clear();
  }
}

const MAX_MESSAGE_LENGTH = 1_000;

function limitTime({ signal, timeoutMs }: Invocation): { signal: AbortSignal; clear(): void } {
  const deadline = new AbortController();
  const expire = () => deadline.abort(new DOMException('The attempt took too long', 'TimeoutError'));
  const timer = setTimeout(expire, Math.min(timeoutMs, MAX_TIMER_MS));
  return {
    signal: signal ? AbortSignal.any([deadline.signal, signal]) : deadline.signal,
    clear: () => clearTimeout(timer),
  };
}

/** Beyond this a timer of Node fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function createCall({ client, tool }: ConnectedTool, invocation: Invocation, signal: AbortSignal): ToolCall {
  const { key, tenant, runId } = invocation;
  const http = client ? client.open(signal) : withoutHttp(tool.name);
  return { http, settings: client?.connection.settings ?? {}, key, signal, tenant, runId };
}

function withoutHttp(tool: string): ToolHttp {
  const refuse = (): never => {
    throw new TypeError(`The tool "${tool}" declares no vendor and so has no HTTP`);
  };
  return { request: refuse, find: refuse, remove: refuse, changed: false };
}

// While an earlier attempt may have taken effect, every failure leaves that open; a probe that found nothing settles it.
async function perform(act: BoundAct, call: ToolCall, progress: { doubtful: boolean }): Promise<unknown> {
  if (progress.doubtful && act.probe) {
    const found = await probe(act.probe, call);
    if (found !== undefined) return found;
    progress.doubtful = false;
  }
  return await act.run(call);
}

async function probe(look: NonNullable<BoundAct['probe']>, call: ToolCall): Promise<unknown> {
  try {
    return await look(call);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError({ ...error.failure, retryable: true, unknown: true }, { cause: error });
  }
}

function settle(tool: string, action: ToolAction, answer: unknown): Outcome {
  const parsed = action.output.safeParse(answer);
  if (!parsed.success) throw new FailureError(unexpectedOutput(tool, action, parsed.error.issues));
  const value = toOutcomeValue(tool, action, parsed.data);
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > MAX_OUTCOME_BYTES) throw new FailureError(tooLarge(tool, action, `has ${bytes} bytes; ${MAX_OUTCOME_BYTES} are kept`));
  return { ok: true, value };
}

function toOutcomeValue(tool: string, action: ToolAction, answer: unknown): Json {
  try {
    return plainJson(answer);
  } catch (error) {
    if (error instanceof NotPlainError) throw new FailureError(tooLarge(tool, action, error.message), { cause: error });
    throw error;
  }
}

// The act is done, only its answer cannot be kept: it must be undone by key and arguments.
function tooLarge(tool: string, action: ToolAction, why: string): Failure {
  return failure('TOO_LARGE', `The answer of ${tool} ${why}`, { unknown: action.effect });
}

function unexpectedOutput(tool: string, action: ToolAction, issues: readonly { path: PropertyKey[]; message: string }[]): Failure {
  const list = issues.map(({ path, message }) => `${path.join('.') || 'answer'}: ${message}`).join('; ');
  const rest = { kind: 'theirs', retryable: true, unknown: action.effect } as const;
  return failure(`${codePrefix(tool)}_MALFORMED`, `The answer of ${tool} is not what it promises: ${list}`, rest);
}

function failureOf(error: unknown, signal: AbortSignal, started: boolean, { signal: outer, timeoutMs }: Invocation): Failure {
  if (error instanceof FailureError) return error.failure;
  if (!isAbort(error, signal)) throw error;
  if (outer?.aborted && outer.reason === CANCELLED) {
    return failure('CANCELLED', 'The attempt was cut short because the run was stopped', { kind: 'cancelled', unknown: started });
  }
  const message = outer?.aborted ? 'The attempt was cut short' : `No answer within ${formatDuration(timeoutMs)}`;
  return failure('TIMEOUT', message, { kind: 'timeout', retryable: true, unknown: started });
}

// Ours throws the signal's reason itself; libraries wrap it in an AbortError.
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && (error.name === 'AbortError' || error.cause === signal.reason));
}
