// How often and how patiently an act is tried: the value that definitions declare and resilience reads.

export type RetryStrategy = 'exponential' | 'linear' | 'immediate' | 'manual';

/** `maxAttempts: N` means N executions. Delays in ms; the formula is in resilience/retry-policy.ts. */
export interface RetryPolicy {
  readonly strategy: RetryStrategy;
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoff: number;
  readonly maxIntervalMs: number;
  readonly maxElapsedMs?: number;
  readonly jitter: boolean;
  /** Failure codes that are never tried again, whatever the adapter says. */
  readonly nonRetryable: readonly string[];
}
