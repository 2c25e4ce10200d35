// How long one attempt may take and be silent, as one signal; and what becomes of work that does not listen to it.
import { watchSilence, MAX_TIMER_MS } from './silence.ts';

export interface AttemptLimits {
  /** Aborted by whatever ends the attempt first. */
  readonly signal: AbortSignal;
  /** A sign of life. */
  beat(): void;
  /** Was it silence that ended the attempt? */
  readonly stalled: boolean;
  clear(): void;
}

export interface LimitedBy {
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
  readonly heartbeatMs?: number;
}

export function limitAttempt({ signal: outer, timeoutMs, heartbeatMs }: LimitedBy): AttemptLimits {
  const own = new AbortController();
  const stall = new DOMException('The attempt showed no sign of life', 'TimeoutError');
  const expire = (): void => own.abort(new DOMException('The attempt took too long', 'TimeoutError'));
  const timer = setTimeout(expire, Math.min(timeoutMs, MAX_TIMER_MS));
  const watch = heartbeatMs === undefined ? undefined : watchSilence(heartbeatMs, () => own.abort(stall));
  const signal = outer ? AbortSignal.any([own.signal, outer]) : own.signal;
  return {
    signal,
    beat: () => watch?.beat(),
    get stalled() {
      return signal.reason === stall;
    },
    clear() {
      clearTimeout(timer);
      watch?.stop();
    },
  };
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
