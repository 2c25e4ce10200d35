// When to try again, and after how long. Pure: attempt numbers, elapsed time and randomness are parameters.
import type { Failure, Random, RetryPolicy } from '../kernel/index.ts';

/** What follows a failed attempt. */
export type NextAttempt =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'stop'; readonly reason: 'final' | 'exhausted' | 'elapsed' | 'manual' };

/** A service that asks for more patience than this is not obeyed further: the run would hang on a stranger's word. */
export const MAX_RETRY_AFTER_MS = 15 * 60_000;

/**
 * Attempt `attempt` (1-based) failed after `elapsedMs` since the first began. `maxAttempts: N` allows N executions.
 * Delay before attempt n+1: exponential `initial x backoff^(n-1)`, linear `initial x n`, immediate 0; capped, plus
 * 0-25 % jitter (AWS Architecture Blog, "Exponential Backoff and Jitter", bounded so that the order of magnitude is kept);
 * never less than what the service asked for by Retry-After.
 */
export function nextAttempt(
  policy: RetryPolicy,
  failure: Failure,
  attempt: number,
  elapsedMs: number,
  random: Random,
): NextAttempt {
  if (!failure.retryable || policy.nonRetryable.includes(failure.code)) return { kind: 'stop', reason: 'final' };
  if (policy.strategy === 'manual') return { kind: 'stop', reason: 'manual' };
  if (attempt >= policy.maxAttempts) return { kind: 'stop', reason: 'exhausted' };
  const delayMs = Math.max(backOff(policy, attempt, random), askedFor(failure));
  if (policy.maxElapsedMs !== undefined && elapsedMs + delayMs > policy.maxElapsedMs)
    return { kind: 'stop', reason: 'elapsed' };
  return { kind: 'retry', delayMs };
}

function backOff(policy: RetryPolicy, attempt: number, random: Random): number {
  const delayMs = Math.min(baseDelay(policy, attempt), policy.maxIntervalMs);
  const jitter = policy.jitter ? delayMs * 0.25 * random() : 0;
  return Math.round(Math.min(delayMs + jitter, policy.maxIntervalMs));
}

function baseDelay(policy: RetryPolicy, attempt: number): number {
  switch (policy.strategy) {
    case 'exponential':
      return policy.initialIntervalMs * policy.backoff ** (attempt - 1);
    case 'linear':
      return policy.initialIntervalMs * attempt;
    case 'immediate':
    case 'manual':
      return 0;
  }
}

function askedFor(failure: Failure): number {
  return Math.min(failure.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
}
