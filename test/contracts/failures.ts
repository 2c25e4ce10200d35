// What can go wrong with a request at any vendor, and what the adapter must make of it: the table of failures. Pure.
import type { Operation } from './contract.ts';
import type { Exchange, Strike, WireRequest } from './traffic.ts';

/** The parts of a failure that the engine decides on. */
export interface ExpectedError {
  readonly code: string;
  readonly kind: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

export interface VendorFailure {
  readonly title: string;
  readonly strike: Strike;
  readonly error: (prefix: string) => ExpectedError;
  /** May a request that changes something have done so all the same? `always`: nor is anything before it certain. */
  readonly doubt: 'none' | 'when it changes something' | 'always';
}

const RATE_LIMIT = { kind: 'rate_limit', retryable: true, retryAfterMs: 2_000 };
const THEIRS = { kind: 'theirs', retryable: true };

export const vendorFailures: readonly VendorFailure[] = [
  refusedWith(401),
  refusedWith(403),
  refusedWith(404),
  refusedWith(409),
  refusedWith(422),
  { ...refusedWith(429, RATE_LIMIT, { 'retry-after': '2' }), title: 'a 429 with Retry-After' },
  refusedWith(500, THEIRS),
  refusedWith(503, THEIRS),
  { ...refusedWith(302, {}, { location: '/elsewhere' }), title: 'a redirect' },
  brokenBy('truncate', 'NO_ANSWER', 'half of an answer'),
  brokenBy('malformed', 'MALFORMED', 'an answer that is no JSON'),
  brokenBy('reset', 'NO_ANSWER', 'a connection cut before the effect'),
  brokenBy('reset_after_effect', 'NO_ANSWER', 'a connection cut after the effect'),
  {
    title: 'an answer that comes too late',
    strike: { kind: 'late' },
    error: () => ({ code: 'TIMEOUT', kind: 'timeout', retryable: true }),
    doubt: 'always',
  },
];

function refusedWith(
  status: number,
  rest: Partial<ExpectedError> = {},
  headers: Readonly<Record<string, string>> = {},
): VendorFailure {
  return {
    title: `a ${status}`,
    strike: { kind: 'status', status, headers },
    error: (prefix) => ({ code: `${prefix}_${status}`, kind: 'ours', retryable: false, ...rest }),
    doubt: status >= 500 ? 'when it changes something' : 'none',
  };
}

function brokenBy(
  kind: 'truncate' | 'malformed' | 'reset' | 'reset_after_effect',
  code: string,
  title: string,
): VendorFailure {
  return {
    title,
    strike: { kind },
    error: (prefix) => ({ code: `${prefix}_${code}`, ...THEIRS }),
    doubt: 'when it changes something',
  };
}

/** Could the request change something? */
export function changes(request: WireRequest, operation: Operation | undefined): boolean {
  return request.method !== 'GET' && !operation?.looks;
}

/** Does this failure pass unseen? Where the status says all, as with every DELETE and every 404, nobody reads the body. */
export function passesUnseen(
  { strike }: VendorFailure,
  { request, status }: Exchange,
  operation: Operation | undefined,
): boolean {
  const unread = request.method === 'DELETE' || status === 404 || operation?.answerUnread === true;
  return strike.kind === 'malformed' && unread;
}
