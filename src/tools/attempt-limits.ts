// How long one attempt may take and be silent, as one signal; and what becomes of work that is cut short or does not listen.
import { failure, FailureError, formatDuration, type Failure } from '../kernel/index.ts';
import { watchSilence, MAX_TIMER_MS } from './silence.ts';

export interface AttemptLimits {
  /** Aborted by whatever ends the attempt first. */
  readonly signal: AbortSignal;
  /** A sign of life. */
  beat(): void;
  /** Why the attempt was cut short, when that is what the error says. */
  failureOf(error: unknown): Failure | undefined;
  clear(): void;
}

/** What a signal is aborted with when people or operators stopped the run. */
export const CANCELLED = 'cancelled';

export interface LimitedBy {
  /** Aborted with CANCELLED, it makes the attempt CANCELLED; with any other reason, a TIMEOUT. */
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
  readonly heartbeatMs?: number;
}

export function limitAttempt(by: LimitedBy): AttemptLimits {
  const { signal: outer, timeoutMs, heartbeatMs } = by;
  const own = new AbortController();
  // Made when it is needed: every exception costs a stack.
  let stall: DOMException | undefined;
  const giveUp = (): void => {
    stall = new DOMException('The attempt showed no sign of life', 'TimeoutError');
    own.abort(stall);
  };
  const expire = (): void => own.abort(new DOMException('The attempt took too long', 'TimeoutError'));
  const timer = setTimeout(expire, Math.min(timeoutMs, MAX_TIMER_MS));
  const watch = heartbeatMs === undefined ? undefined : watchSilence(heartbeatMs, giveUp);
  const signal = outer ? AbortSignal.any([own.signal, outer]) : own.signal;
  return {
    signal,
    beat: () => watch?.beat(),
    failureOf: (error) =>
      isAbort(error, signal) ? failureOfCut(by, stall !== undefined && signal.reason === stall) : undefined,
    clear() {
      clearTimeout(timer);
      watch?.stop();
    },
  };
}

function failureOfCut({ signal: outer, timeoutMs, heartbeatMs = 0 }: LimitedBy, stalled: boolean): Failure {
  if (outer?.aborted && outer.reason === CANCELLED) {
    return failure('CANCELLED', 'The attempt was cut short because the run was stopped', { kind: 'cancelled' });
  }
  const rest = { kind: 'timeout', retryable: true } as const;
  if (stalled) return failure('STALLED', `No sign of life for ${formatDuration(heartbeatMs)}`, rest);
  const message = outer?.aborted ? 'The attempt was cut short' : `No answer within ${formatDuration(timeoutMs)}`;
  return failure('TIMEOUT', message, rest);
}

// Ours throws the signal's reason itself; libraries wrap it in an AbortError.
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return (
    error === signal.reason ||
    (error instanceof Error && (error.name === 'AbortError' || error.cause === signal.reason))
  );
}

/** What listens to its signal ends sooner. */
const GRACE_MS = 1_000;

/** The work's result; or the signal's reason, when the work has still not ended a moment after it. What it answers later nobody hears. */
export async function orLeave<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const left = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const leave = (): void => {
    timer = setTimeout(() => left.reject(signal.reason), GRACE_MS);
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, left.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}

/** What a function reads within its limits. Throws a FailureError when they cut it short. */
export async function readWithin<T>(
  by: LimitedBy,
  read: (call: { readonly signal: AbortSignal; heartbeat(): void }) => Promise<T> | T,
): Promise<T> {
  const limits = limitAttempt(by);
  const { signal, beat: heartbeat } = limits;
  const reading = async (): Promise<T> => await read({ signal, heartbeat });
  try {
    return await orLeave(reading(), signal);
  } catch (error) {
    const cut = limits.failureOf(error);
    throw cut ? new FailureError(cut, { cause: error }) : error;
  } finally {
    limits.clear();
  }
}
