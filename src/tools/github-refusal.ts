// What an answer of GitHub's that is not a success means. Pure.
import type { Failure } from '../kernel/index.ts';
import { parseRetryAfter, sentAtMs } from './http-failure.ts';

// GitHub says "too many" with 403 as well as 429, and "the branch moved under you" with 409, which a repeat may get past.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
export function githubRefusal(status: number, headers: Readonly<Record<string, string>>): Partial<Failure> | undefined {
  if (status === 409) return { kind: 'theirs', retryable: true };
  const exhausted = headers['x-ratelimit-remaining'] === '0';
  if (status !== 429 && !(status === 403 && (exhausted || headers['retry-after'] !== undefined))) return undefined;
  const reset = Number(headers['x-ratelimit-reset']);
  const untilReset = exhausted && Number.isFinite(reset) ? Math.max(0, reset * 1_000 - sentAtMs(headers)) : undefined;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], sentAtMs(headers)) ?? untilReset;
  return { kind: 'rate_limit', retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
