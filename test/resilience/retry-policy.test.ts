// When to try again and how long to wait, as pure arithmetic.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETRY_POLICIES } from '../../src/definitions/index.ts';
import { failure } from '../../src/kernel/index.ts';
import type { Failure, Random, RetryPolicy } from '../../src/kernel/index.ts';
import { MAX_RETRY_AFTER_MS, nextAttempt } from '../../src/resilience/index.ts';

const broken = failure('GITHUB_503', 'try later', { kind: 'theirs', retryable: true });
const noJitter: Random = () => 0;
const mostJitter: Random = () => 1 - Number.EPSILON;

function policyOf(over: Partial<RetryPolicy> = {}): RetryPolicy {
  return { ...RETRY_POLICIES.idempotent_api_call, jitter: false, ...over };
}

const policies = (): fc.Arbitrary<RetryPolicy> =>
  fc.record({
    strategy: fc.constantFrom('exponential', 'linear', 'immediate'),
    maxAttempts: fc.integer({ min: 1, max: 20 }),
    initialIntervalMs: fc.nat({ max: 600_000 }),
    backoff: fc.double({ min: 1, max: 100, noNaN: true }),
    maxIntervalMs: fc.nat({ max: 600_000 }),
    jitter: fc.boolean(),
    nonRetryable: fc.constant([]),
  });

/** Every delay of an act that never succeeds. */
function delaysOf(policy: RetryPolicy, random: Random, error: Failure = broken): number[] {
  const delays: number[] = [];
  for (let attempt = 1; ; attempt++) {
    const next = nextAttempt(policy, error, attempt, 0, random);
    if (next.kind === 'stop') return delays;
    delays.push(next.delayMs);
  }
}

describe('nextAttempt', () => {
  it.each([
    ['idempotent_api_call', [1_000, 2_000, 4_000, 8_000]],
    ['financial_transaction', [5_000, 7_500]],
    ['user_notification', [2_000, 6_000, 18_000, 54_000, 120_000, 120_000, 120_000, 120_000, 120_000]],
    ['none', []],
  ] as const)('waits between the attempts of %s as the contract says', (name, delays) => {
    expect(delaysOf(RETRY_POLICIES[name], noJitter)).toEqual(delays);
  });

  it('allows exactly as many executions as the policy says', () => {
    fc.assert(
      fc.property(policies(), fc.double({ min: 0, max: 0.999, noNaN: true }), (policy, luck) => {
        expect(delaysOf(policy, () => luck)).toHaveLength(policy.maxAttempts - 1);
      }),
    );
  });

  it('never waits longer than the cap by itself', () => {
    fc.assert(
      fc.property(policies(), fc.double({ min: 0, max: 0.999, noNaN: true }), (policy, luck) => {
        for (const delayMs of delaysOf(policy, () => luck)) expect(delayMs).toBeLessThanOrEqual(policy.maxIntervalMs);
      }),
    );
  });

  it('never waits less than before when there is no jitter', () => {
    fc.assert(
      fc.property(policies(), (policy) => {
        const delays = delaysOf({ ...policy, jitter: false }, mostJitter);
        expect(delays).toEqual(delays.toSorted((a, b) => a - b));
      }),
    );
  });

  it('adds at most a quarter of the delay, in whole milliseconds', () => {
    fc.assert(
      fc.property(policies(), fc.double({ min: 0, max: 0.999, noNaN: true }), (policy, luck) => {
        const plain = delaysOf({ ...policy, jitter: false }, noJitter);
        const jittered = delaysOf({ ...policy, jitter: true }, () => luck);
        for (const [attempt, delayMs] of jittered.entries()) {
          expect(Number.isInteger(delayMs)).toBe(true);
          expect(delayMs).toBeGreaterThanOrEqual(plain[attempt]!);
          expect(delayMs).toBeLessThanOrEqual(plain[attempt]! * 1.25 + 1);
        }
      }),
    );
  });

  it('spreads the herd: with jitter two unlike throws give unlike delays', () => {
    const policy = policyOf({ jitter: true });
    expect(delaysOf(policy, noJitter)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(delaysOf(policy, mostJitter)).toEqual([1_250, 2_500, 5_000, 10_000]);
  });

  it('grows by equal steps when linear, and not at all when immediate', () => {
    const rest = { initialIntervalMs: 3_000, maxIntervalMs: 10_000 };
    expect(delaysOf(policyOf({ strategy: 'linear', ...rest }), noJitter)).toEqual([3_000, 6_000, 9_000, 10_000]);
    expect(delaysOf(policyOf({ strategy: 'immediate', ...rest }), mostJitter)).toEqual([0, 0, 0, 0]);
  });

  it('stops at once at a failure that is final', () => {
    const final = failure('GITHUB_422', 'no such branch');
    expect(nextAttempt(policyOf(), final, 1, 0, noJitter)).toEqual({ kind: 'stop', reason: 'final' });
  });

  it('stops at once at a code that the policy never repeats', () => {
    const policy = policyOf({ nonRetryable: ['GITHUB_503'] });
    expect(nextAttempt(policy, broken, 1, 0, noJitter)).toEqual({ kind: 'stop', reason: 'final' });
    expect(nextAttempt(policy, { ...broken, code: 'GITHUB_502' }, 1, 0, noJitter)).toMatchObject({ kind: 'retry' });
  });

  it('leaves a manual policy to an operator', () => {
    expect(nextAttempt(policyOf({ strategy: 'manual' }), broken, 1, 0, noJitter)).toEqual({
      kind: 'stop',
      reason: 'manual',
    });
  });

  it('stops after the last attempt', () => {
    const policy = policyOf({ maxAttempts: 3 });
    expect(nextAttempt(policy, broken, 2, 0, noJitter)).toEqual({ kind: 'retry', delayMs: 2_000 });
    expect(nextAttempt(policy, broken, 3, 0, noJitter)).toEqual({ kind: 'stop', reason: 'exhausted' });
    expect(nextAttempt(policy, broken, 4, 0, noJitter)).toEqual({ kind: 'stop', reason: 'exhausted' });
  });

  it('stops when the wait would end after max_elapsed, and not when it ends just then', () => {
    const policy = policyOf({ maxElapsedMs: 10_000 });
    expect(nextAttempt(policy, broken, 1, 9_000, noJitter)).toEqual({ kind: 'retry', delayMs: 1_000 });
    expect(nextAttempt(policy, broken, 1, 9_001, noJitter)).toEqual({ kind: 'stop', reason: 'elapsed' });
  });

  it('waits as long as the service asks, beyond the cap of the policy', () => {
    const busy = { ...broken, retryAfterMs: 90_000 };
    expect(delaysOf(policyOf({ maxIntervalMs: 4_000 }), noJitter, busy)).toEqual([90_000, 90_000, 90_000, 90_000]);
  });

  it('waits longer than the service asks when the policy is more patient', () => {
    const busy = { ...broken, retryAfterMs: 3_000 };
    expect(delaysOf(policyOf(), noJitter, busy)).toEqual([3_000, 3_000, 4_000, 8_000]);
  });

  it('obeys a service for a quarter of an hour at most', () => {
    const asleep = { ...broken, retryAfterMs: 86_400_000 };
    expect(nextAttempt(policyOf(), asleep, 1, 0, noJitter)).toEqual({ kind: 'retry', delayMs: MAX_RETRY_AFTER_MS });
    expect(MAX_RETRY_AFTER_MS).toBe(15 * 60_000);
  });

  it('counts what the service asks for against max_elapsed', () => {
    const busy = { ...broken, retryAfterMs: 60_000 };
    expect(nextAttempt(policyOf({ maxElapsedMs: 30_000 }), busy, 1, 0, noJitter)).toEqual({
      kind: 'stop',
      reason: 'elapsed',
    });
  });
});
