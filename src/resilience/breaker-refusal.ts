// The failure of a call that a breaker refuses: nothing was sent, and the caller is told when to come again. Pure.
import { failure, formatDuration } from '../kernel/index.ts';
import type { Failure, Random } from '../kernel/index.ts';
import { forceOf } from './breaker.ts';
import type { BreakerState } from './breaker.ts';

export const BREAKER_OPEN = 'BREAKER_OPEN';

/** Those who are refused come back over so long a time: not all at the instant at which one of them may try. */
const SPREAD_MS = 5_000;

export function refusalOf(
  service: string,
  state: BreakerState,
  refusedForMs: number,
  nowMs: number,
  random: Random,
): Failure {
  return failure(BREAKER_OPEN, `The breaker of "${service}" ${whyOf(state, nowMs)}`, {
    kind: 'refused',
    retryable: true,
    retryAfterMs: Math.round(refusedForMs + SPREAD_MS * random()),
  });
}

function whyOf(state: BreakerState, nowMs: number): string {
  const forced = forceOf(state, nowMs);
  if (forced) return `was opened by ${forced.by}: ${forced.reason}`;
  if (state.kind !== 'open') return 'is half-open: one call at a time tries whether the service is back';
  return `is open for another ${formatDuration(Math.max(0, state.nextProbeAtMs - nowMs))}: the service failed too often`;
}
