// The named retry policies, and what an inline policy means where it is silent.
import { parseDuration } from '../kernel/index.ts';
import type { RetryPolicy, RetryStrategy } from './plan.ts';

const second = 1_000;

/** What `retry: <name>` means. The jitter is 0-25 % of the delay, from the second attempt on. */
export const RETRY_POLICIES = {
  idempotent_api_call: policy({
    maxAttempts: 5,
    initialIntervalMs: 1 * second,
    backoff: 2,
    maxIntervalMs: 60 * second,
  }),
  financial_transaction: policy({
    maxAttempts: 3,
    initialIntervalMs: 5 * second,
    backoff: 1.5,
    maxIntervalMs: 30 * second,
  }),
  user_notification: policy({
    maxAttempts: 10,
    initialIntervalMs: 2 * second,
    backoff: 3,
    maxIntervalMs: 120 * second,
  }),
  none: policy({ maxAttempts: 1, initialIntervalMs: 0, backoff: 1, maxIntervalMs: 0, jitter: false }),
} as const satisfies Record<string, RetryPolicy>;

export type RetryPolicyName = keyof typeof RETRY_POLICIES;

export const RETRY_POLICY_NAMES = Object.keys(RETRY_POLICIES);

const DEFAULT_RETRY: RetryPolicy = RETRY_POLICIES.idempotent_api_call;

/** `retry:` as the document has it: durations are text, absent keys take the default policy's values. */
export interface InlineRetry {
  readonly strategy?: RetryStrategy;
  readonly max_attempts?: number;
  readonly initial_interval?: string;
  readonly backoff?: number;
  readonly max_interval?: string;
  readonly max_elapsed?: string;
  readonly jitter?: boolean;
  readonly non_retryable?: readonly string[];
}

function isRetryPolicyName(name: string): name is RetryPolicyName {
  return Object.hasOwn(RETRY_POLICIES, name);
}

export function resolveRetry(retry: string | InlineRetry | undefined): RetryPolicy {
  if (retry === undefined) return DEFAULT_RETRY;
  if (typeof retry === 'string') return isRetryPolicyName(retry) ? RETRY_POLICIES[retry] : DEFAULT_RETRY;
  return inlinePolicy(retry);
}

function inlinePolicy(retry: InlineRetry): RetryPolicy {
  const initialIntervalMs = msOf(retry.initial_interval) ?? DEFAULT_RETRY.initialIntervalMs;
  const maxElapsedMs = msOf(retry.max_elapsed);
  return {
    strategy: retry.strategy ?? DEFAULT_RETRY.strategy,
    maxAttempts: retry.max_attempts ?? DEFAULT_RETRY.maxAttempts,
    initialIntervalMs,
    backoff: retry.backoff ?? DEFAULT_RETRY.backoff,
    // A first delay beyond the default cap is meant: it raises the cap.
    maxIntervalMs: msOf(retry.max_interval) ?? Math.max(DEFAULT_RETRY.maxIntervalMs, initialIntervalMs),
    ...(maxElapsedMs === undefined ? {} : { maxElapsedMs }),
    jitter: retry.jitter ?? DEFAULT_RETRY.jitter,
    nonRetryable: retry.non_retryable ?? [],
  };
}

function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

function policy(
  rest: Partial<RetryPolicy> & Pick<RetryPolicy, 'maxAttempts' | 'initialIntervalMs' | 'backoff' | 'maxIntervalMs'>,
): RetryPolicy {
  return { strategy: 'exponential', jitter: true, nonRetryable: [], ...rest };
}
