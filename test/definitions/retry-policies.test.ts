// What `retry:` means.
import { describe, expect, it } from 'vitest';
import { RETRY_POLICIES } from '../../src/definitions/index.ts';
import { resolveRetry } from '../../src/definitions/retry-policies.ts';

describe('the named policies', () => {
  it('are those of the contract', () => {
    const figures = Object.entries(RETRY_POLICIES).map(([name, policy]) => [
      name,
      policy.initialIntervalMs,
      policy.backoff,
      policy.maxIntervalMs,
      policy.maxAttempts,
    ]);

    expect(figures).toEqual([
      ['idempotent_api_call', 1_000, 2, 60_000, 5],
      ['financial_transaction', 5_000, 1.5, 30_000, 3],
      ['user_notification', 2_000, 3, 120_000, 10],
      ['none', 0, 1, 0, 1],
    ]);
  });
});

describe('resolveRetry', () => {
  it('takes the default where the document is silent', () => {
    expect(resolveRetry(undefined)).toBe(RETRY_POLICIES.idempotent_api_call);
    expect(resolveRetry({})).toEqual(RETRY_POLICIES.idempotent_api_call);
    expect(resolveRetry('none')).toBe(RETRY_POLICIES.none);
  });

  it.each(['exponential', 'linear', 'immediate', 'manual'] as const)('keeps the strategy %s', (strategy) => {
    expect(resolveRetry({ strategy, max_attempts: 2 })).toMatchObject({
      strategy,
      maxAttempts: 2,
      initialIntervalMs: 1_000,
    });
  });

  it('lets a first delay beyond the default cap raise the cap', () => {
    expect(resolveRetry({ initial_interval: '5m' })).toMatchObject({
      initialIntervalMs: 300_000,
      maxIntervalMs: 300_000,
    });
    expect(resolveRetry({ initial_interval: '5m', max_interval: '1m' })).toMatchObject({ maxIntervalMs: 60_000 });
  });
});
