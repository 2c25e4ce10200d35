// One exchange with any public address: guarded, redirects followed as far as asked, and a failure for whatever is no success.
import { failure, FailureError, type Failure } from '../kernel/index.ts';
import {
  failureOfMalformed,
  failureOfStatus,
  failureOfTransport,
  parseRetryAfter,
  sentAtMs,
  reasonOf,
  type RequestFact,
} from './http-failure.ts';
import type { OutboundGuard } from './outbound-guard.ts';
import { type PinnedAnswer, sendPinned } from './pinned-request.ts';
import { createRedact, type Redact } from './redact.ts';
import { follow, redirectOf, type RoutedRequest } from './redirect.ts';
import { MAX_OUTCOME_BYTES } from './settle.ts';
import type { ToolCall } from './tool.ts';

export const MAX_REDIRECTS = 3;

export interface Wanted {
  readonly redirects: number;
  /** The statuses that are a success; by default 200 to 299. */
  readonly expect?: readonly number[];
}

/** The request that was answered in the end, and its answer. */
export interface Exchanged {
  readonly request: RoutedRequest;
  readonly answer: PinnedAnswer;
  /** JSON where the answer says it is, else text; null when there is none. */
  readonly body: unknown;
}

/** What happened so far in this attempt: a failure after an act leaves open whether it took effect. */
interface Trail {
  acted: boolean;
  /** Also of credentials that the request was given in clear. */
  readonly redact: Redact;
}

export async function exchange(
  guard: OutboundGuard,
  call: ToolCall,
  first: RoutedRequest,
  wanted: Wanted,
): Promise<Exchanged> {
  const ownRedact = createRedact(credentialsIn(first.headers));
  const trail: Trail = { acted: false, redact: (text) => ownRedact(call.redact(text)) };
  try {
    return await walk(guard, call, first, wanted, trail);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { message, unknown, ...rest } = error.failure;
    throw new FailureError(
      { ...rest, message: trail.redact(message), unknown: unknown || trail.acted },
      { cause: error.cause },
    );
  }
}

function credentialsIn(headers: Readonly<Record<string, string>>): string[] {
  const held = Object.entries(headers).filter(([name]) => /auth|cookie|key|secret|token|signature/i.test(name));
  return held.flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)]);
}

async function walk(
  guard: OutboundGuard,
  call: ToolCall,
  first: RoutedRequest,
  { redirects, expect }: Wanted,
  trail: Trail,
): Promise<Exchanged> {
  let current = first;
  for (let left = redirects; ; left -= 1) {
    const answer = await send(guard, call, current, trail);
    const to = redirectOf(answer, current.url);
    if (isSuccess(answer, expect)) return { request: current, answer, body: bodyOf(current, answer) };
    if (to === undefined) throw new FailureError(failureOf(current, answer, trail.redact));
    if (left === 0) throw new FailureError(notFollowed(current, answer.status, to, redirects));
    current = follow(current, answer.status, to);
  }
}

async function send(guard: OutboundGuard, call: ToolCall, current: RoutedRequest, trail: Trail): Promise<PinnedAnswer> {
  const { signal, heartbeat } = call;
  call.admit(current.url);
  const checked = await unlessAborted(signal, guard.check(current.url));
  const headers = { accept: '*/*', 'user-agent': 'breakwater', ...current.headers };
  try {
    const limits = { signal, heartbeat, maxAnswerBytes: MAX_OUTCOME_BYTES };
    const { method, url } = current;
    const answer = await call.traced(
      { method, url, headers },
      async (sent) => await sendPinned(checked, { ...current, headers: sent }, limits),
    );
    if (changes(current) && (answer.status < 400 || answer.status >= 500)) trail.acted = true;
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    const failed = failureOfTransport(factOf(current), error);
    if (!failed) throw error;
    throw new FailureError(failed, { cause: error });
  }
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const changes = ({ method }: RoutedRequest) => method !== 'GET';

// Without the query: people put credentials there.
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function factOf(current: RoutedRequest): RequestFact {
  return { tool: 'http', method: current.method, path: placeOf(current.url), changes: changes(current) };
}

function isSuccess({ status }: PinnedAnswer, expect: readonly number[] | undefined): boolean {
  return expect ? expect.includes(status) : status >= 200 && status < 300;
}

function failureOf(current: RoutedRequest, answer: PinnedAnswer, redact: Redact): Failure {
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], sentAtMs(answer.headers));
  return failureOfStatus(factOf(current), { status: answer.status, reason: reasonIn(answer, redact), retryAfterMs });
}

// Redacted before it is cut: half a secret is not recognised.
function reasonIn(answer: PinnedAnswer, redact: Redact): string | undefined {
  const body = isJson(answer) ? parseJson(redact(answer.text)) : undefined;
  return reasonOf(body?.ok ? body.value : undefined);
}

function notFollowed(current: RoutedRequest, status: number, to: string, redirects: number): Failure {
  const remedy =
    redirects === 0 ? `set redirects to follow it (at most ${MAX_REDIRECTS})` : `${redirects} were followed before it`;
  const what = `${current.method} ${placeOf(current.url)}`;
  return failure(`HTTP_${status}`, `http answered ${status} to ${what}, a redirect to ${placeOf(to)}; ${remedy}`);
}

function bodyOf(current: RoutedRequest, answer: PinnedAnswer): unknown {
  if (answer.text === '') return null;
  if (!isJson(answer)) return answer.text;
  const parsed = parseJson(answer.text);
  if (!parsed.ok) throw new FailureError(failureOfMalformed(factOf(current), 'it is not the JSON that it says it is'));
  return parsed.value;
}

function isJson({ headers }: PinnedAnswer): boolean {
  return /^\s*application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '');
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false };
    throw error;
  }
}
