// What becomes of a notice that could not be sent. Pure: the time that passed and randomness are parameters.
import { RETRY_POLICIES } from '../definitions/index.ts';
import type { Failure, Random } from '../kernel/index.ts';
import { BREAKER_OPEN, nextAttempt } from '../resilience/index.ts';
import type { Notice, NoticeEnd } from './notice.ts';

/** How soon a service that is down is asked for again: its breaker may close before it said it would. */
const MAX_WAIT_MS = 30_000;

/** A service that is down is waited for; else the policy of notices to people decides. */
export function afterFailure(notice: Pick<Notice, 'attempt' | 'elapsedMs'>, error: Failure, random: Random): NoticeEnd {
  const { unknown: suspect } = error;
  if (error.code === BREAKER_OPEN) {
    return { state: 'due', inMs: Math.min(error.retryAfterMs ?? MAX_WAIT_MS, MAX_WAIT_MS), suspect, uncounted: true };
  }
  const next = nextAttempt(RETRY_POLICIES.user_notification, error, notice.attempt, notice.elapsedMs, random);
  if (next.kind === 'stop') return { state: 'failed', error };
  return { state: 'due', inMs: next.delayMs, suspect, error };
}
