// One attempt: its time limit, what the adapter may use meanwhile, and what becomes of whatever is thrown.
import { failure, FailureError, formatDuration, type Failure, type JsonObject, type Outcome } from '../kernel/index.ts';
import type { ToolHttp } from './http-client.ts';
import { storableText } from './plain-json.ts';
import type { ConnectedTool } from './registry.ts';
import type { ToolAction, ToolCall } from './tool.ts';

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

/**
 * Does `work` with a call of its own. A FailureError and an abort become a failed outcome; while `doubt.left` says that an
 * earlier attempt may have taken effect, every failure leaves that open. Anything else that is thrown is thrown on.
 */
export async function attempt(
  connected: ConnectedTool,
  action: ToolAction,
  invocation: Invocation,
  doubt: { readonly left: boolean },
  work: (call: ToolCall) => Promise<Outcome>,
): Promise<Outcome> {
  const { signal, clear } = limitTime(invocation);
  const call = createCall(connected, invocation, signal);
  let started = false;
  try {
    signal.throwIfAborted();
    started = true;
    return await work(call);
  } catch (error) {
    const failed = failureOf(error, signal, started, invocation);
    const unknown = action.effect && (failed.unknown || doubt.left || call.http.changed);
    return {
      ok: false,
      error: { ...failed, unknown, message: storableText(failed.message.slice(0, MAX_MESSAGE_LENGTH)) },
    };
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
  return {
    request: refuse,
    find: refuse,
    remove: refuse,
    upload: refuse,
    changed: false,
    get baseUrl() {
      return refuse();
    },
  };
}

function failureOf(
  error: unknown,
  signal: AbortSignal,
  started: boolean,
  { signal: outer, timeoutMs }: Invocation,
): Failure {
  if (error instanceof FailureError) return error.failure;
  if (!isAbort(error, signal)) throw error;
  if (outer?.aborted && outer.reason === CANCELLED) {
    return failure('CANCELLED', 'The attempt was cut short because the run was stopped', {
      kind: 'cancelled',
      unknown: started,
    });
  }
  const message = outer?.aborted ? 'The attempt was cut short' : `No answer within ${formatDuration(timeoutMs)}`;
  return failure('TIMEOUT', message, { kind: 'timeout', retryable: true, unknown: started });
}

// Ours throws the signal's reason itself; libraries wrap it in an AbortError.
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return (
    error === signal.reason ||
    (error instanceof Error && (error.name === 'AbortError' || error.cause === signal.reason))
  );
}
