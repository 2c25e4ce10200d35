// How often one caller may ask this process: by the key that opened, and by address where no key did (yet). Counts in memory only.
import { isIPv6 } from 'node:net';
import { BreakwaterError } from '../kernel/index.ts';
import { isFull, take, type Bucket } from './token-bucket.ts';

/** Answered with 429, and in Retry-After when to come again. */
export class RateLimitedError extends BreakwaterError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super('RATE_LIMITED', message);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface RateLimit {
  /** Throws a RateLimitedError when this caller has used up what it had. */
  spend(caller: string): void;
  /** Has it asked within the last second or so? */
  knows(caller: string): boolean;
}

const UNLIMITED: RateLimit = { spend: () => undefined, knows: () => true };
/** So many callers are remembered before those who have been quiet are forgotten. */
const SWEEP_AT = 10_000;

/** Undefined sets no limit. */
export function createRateLimit(perSecond: number | undefined, nowMs = () => performance.now()): RateLimit {
  if (perSecond === undefined) return UNLIMITED;
  const buckets = new Map<string, Bucket>();
  let sweepAt = SWEEP_AT;
  const forgetTheQuiet = (now: number): void => {
    for (const [caller, bucket] of buckets) if (isFull(bucket, perSecond, now)) buckets.delete(caller);
    sweepAt = Math.max(SWEEP_AT, 2 * buckets.size);
  };
  return {
    spend(caller) {
      const now = nowMs();
      const taking = take(buckets.get(caller), perSecond, now);
      if (!taking.taken) throw new RateLimitedError(`More than ${perSecond} requests a second; wait.`, taking.waitMs);
      buckets.set(caller, taking.bucket);
      if (buckets.size > sweepAt) forgetTheQuiet(now);
    },
    knows: (caller) => buckets.has(caller),
  };
}

/** One caller's addresses: all of a machine's IPv6 ones are in one /64. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? `${expand(address).slice(0, 4).join(':')}::/64` : address;
}

function expand(address: string): string[] {
  const [head = '', tail = ''] = address.replace(/%.*$/, '').toLowerCase().split('::');
  const front = head.split(':').filter(Boolean);
  const back = tail.split(':').filter(Boolean);
  return [...front, ...Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0'), ...back];
}
