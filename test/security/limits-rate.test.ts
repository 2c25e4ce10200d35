// How often one caller may ask: the token bucket against a naive count, whose requests share one, and ten times too many of them at a real app.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressGroup, createRateLimit, RateLimitedError } from '../../src/http/rate-limit.ts';
import { isFull, take, type Bucket } from '../../src/http/token-bucket.ts';
import { startTestApp, type RunningApp } from '../http/running-app.ts';
import { until } from '../support/until.ts';

const RATE = 20;

describe('take', () => {
  it('gives a second at once, and never more than the rate over any stretch of time', () => {
    const steps = fc.array(fc.nat({ max: 2_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), steps, (perSecond, pauses) => {
        let bucket: Bucket | undefined;
        let nowMs = 0;
        const taken: number[] = [];
        for (const pause of pauses) {
          nowMs += pause;
          const taking = take(bucket, perSecond, nowMs);
          if (!taking.taken) continue;
          bucket = taking.bucket;
          taken.push(nowMs);
        }

        for (const [index, from] of taken.entries()) {
          const last = taken.at(-1) ?? from;
          expect(taken.length - index).toBeLessThanOrEqual(perSecond + ((last - from) / 1_000) * perSecond + 1e-6);
        }
      }),
    );
  });

  it('says when one is there again, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), fc.nat({ max: 1_000_000 }), (perSecond, atMs) => {
        const refused = take({ left: 0, atMs }, perSecond, atMs);
        if (refused.taken) throw new Error('there was none');

        expect(take({ left: 0, atMs }, perSecond, atMs + refused.waitMs).taken).toBe(true);
        expect(take({ left: 0, atMs }, perSecond, atMs + refused.waitMs - 1).taken).toBe(false);
      }),
    );
  });

  it('takes a clock that stands still, or goes back, for no time at all', () => {
    expect(take({ left: 0.5, atMs: 1_000 }, 10, 0).taken).toBe(false);
    expect(isFull({ left: 9, atMs: 1_000 }, 10, 1_050)).toBe(false);
    expect(isFull({ left: 9, atMs: 1_000 }, 10, 1_100)).toBe(true);
  });
});

describe('createRateLimit', () => {
  it('counts each caller alone and tells it when to come again', () => {
    let nowMs = 0;
    const limit = createRateLimit(2, () => nowMs);
    const spend = (caller: string) => () => limit.spend(caller);

    spend('a')();
    spend('a')();
    expect(spend('a')).toThrow(RateLimitedError);
    expect(spend('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfterMs: 500 }) as Error);
    expect(spend('b')).not.toThrow();
    nowMs += 500;
    expect(spend('a')).not.toThrow();
  });

  it('forgets those who have been quiet, however many addresses there were', () => {
    let nowMs = 0;
    const limit = createRateLimit(2, () => nowMs);
    for (let caller = 0; caller < 10_000; caller += 1) limit.spend(`address ${caller}`);
    expect(limit.knows('address 0')).toBe(true);

    nowMs += 1_000;
    limit.spend('one more');

    expect(limit.knows('address 0')).toBe(false);
    expect(limit.knows('one more')).toBe(true);
  });

  it('off, refuses nobody', () => {
    const limit = createRateLimit(undefined);
    expect(() => {
      for (let asked = 0; asked < 10_000; asked += 1) limit.spend('a');
    }).not.toThrow();
  });
});

describe('addressGroup', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('of %s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});

describe('ten times the rate', () => {
  let limited: RunningApp;
  beforeAll(async () => {
    limited = await startTestApp('security_rate', { environment: { BREAKWATER_RATE_LIMIT: `${RATE}/s` } });
  });
  afterAll(async () => await limited.stop());

  /** A key that is known, and has not used up what it has. */
  async function knownKey(user: string): Promise<string> {
    const key = await limited.keyFor(user, ['admin']);
    await until(async () => (await limited.call('/v1/breakers', { key })).status === 200, {
      what: 'the key to be known',
    });
    return key;
  }

  it('of one key is 429 with a time to come again, while others are answered and a run ends', async () => {
    const [greedy, modest] = [await knownKey('greedy'), await knownKey('modest')];
    const started = await limited.call('/v1/runs', { key: modest, body: { workflow: 'echo' } });
    const { id } = started.body as { id: string };

    const flood = await Promise.all(
      Array.from({ length: 10 * RATE }, () => limited.call('/v1/executors', { key: greedy })),
    );

    const refused = flood.filter(({ status }) => status === 429);
    expect(flood.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(RATE);
    expect(refused.length).toBeGreaterThan(RATE);
    expect(refused[0]).toMatchObject({ body: { code: 'RATE_LIMITED', status: 429, title: 'Rate limited' } });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await limited.call(`/v1/runs/${id}?wait=10s`, { key: modest })).toMatchObject({
      status: 200,
      body: { status: 'succeeded' },
    });
    await until(async () => (await limited.call('/v1/executors', { key: greedy })).status === 200, {
      what: 'the greedy key to be answered again',
    });
  });

  it('of guessed keys is 429 for the guesser and for no key that is in use', async () => {
    const key = await knownKey('in use');

    const guesses = Array.from({ length: 10 * RATE }, (_, guess) =>
      limited.call('/v1/runs', { key: `bwk_guess_${guess}` }),
    );
    const statuses = new Set((await Promise.all(guesses)).map(({ status }) => status));

    expect(statuses).toEqual(new Set([401, 429]));
    expect(await limited.call('/v1/breakers', { key })).toMatchObject({ status: 200 });
  });

  it('of made-up approval links is 429, and keeps nobody from asking whether the process is ready', async () => {
    const tries = Array.from({ length: 10 * RATE }, (_, guess) =>
      limited.call(`/approve/made-up-${guess}`, { key: null }),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status);

    expect(statuses).toContain(429);
    expect(await limited.call('/ready', { key: null })).toMatchObject({ status: 200 });
  });
});
