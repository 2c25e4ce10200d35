// What a vendor's answer, or the lack of one, means for the act: the common table from status and transport error to failure. Pure.
import { failure, type Failure } from '../kernel/index.ts';
import type { Refusal } from './tool.ts';

/** The request a failure is about. `changes`: could it have changed something at the vendor? */
export interface RequestFact {
  readonly tool: string;
  readonly method: string;
  readonly path: string;
  readonly changes: boolean;
}

export interface ErrorAnswer {
  readonly status: number;
  /** The vendor's own words. */
  readonly reason?: string;
  readonly retryAfterMs?: number;
}

/** `GITHUB` of `github`: the first part of every failure code of a tool. */
export function codePrefix(tool: string): string {
  return tool.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}

/** The failure of an answer outside 2xx. */
export function failureOfStatus(request: RequestFact, answer: ErrorAnswer): Failure {
  const reason = answer.reason === undefined ? '' : `: ${answer.reason}`;
  const message = `${request.tool} answered ${answer.status} to ${request.method} ${request.path}${hint(answer.status)}${reason}`;
  return failure(`${codePrefix(request.tool)}_${answer.status}`, message, {
    ...classOf(answer.status),
    // A 5xx may come after the effect, or from a proxy that lost the answer.
    unknown: answer.status >= 500 && request.changes,
    ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }),
  });
}

/** The failure of a refusal inside an answer of 2xx. */
export function failureOfRefusal(request: RequestFact, refusal: Refusal, retryAfterMs?: number): Failure {
  const { code, reason, kind } = refusal;
  return failure(
    `${codePrefix(request.tool)}_${codePrefix(code).slice(0, MAX_CODE_LENGTH)}`,
    `${request.tool} refused ${request.method} ${request.path}: ${reason.slice(0, MAX_REASON_LENGTH)}`,
    {
      kind,
      retryable: kind !== 'ours',
      unknown: kind === 'theirs' && request.changes,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  );
}

const MAX_CODE_LENGTH = 60;

function classOf(status: number): Pick<Failure, 'kind' | 'retryable'> {
  if (status === 408) return { kind: 'timeout', retryable: true };
  if (status === 425 || status === 429) return { kind: 'rate_limit', retryable: true };
  if (status >= 500) return { kind: 'theirs', retryable: true };
  return { kind: 'ours', retryable: false };
}

function hint(status: number): string {
  if (status === 401) return ' (are its credentials right?)';
  if (status === 403) return ' (may its credentials do this?)';
  return status >= 300 && status < 400 ? ' (redirects are not followed; is its base URL right?)' : '';
}

/** The failure of an answer that cannot be read or does not have the promised shape. */
export function failureOfMalformed(request: RequestFact, reason: string): Failure {
  const message = `${request.tool} answered ${request.method} ${request.path} with something unexpected: ${reason}`;
  const rest = { kind: 'theirs', retryable: true, unknown: request.changes } as const;
  return failure(`${codePrefix(request.tool)}_MALFORMED`, message, rest);
}

/** The failure of a request that got no whole answer, or undefined when the error did not come from the network. */
export function failureOfTransport(request: RequestFact, error: unknown): Failure | undefined {
  const code = codeOf(error);
  if (code === undefined || OWN_FAULTS.test(code)) return undefined;
  const what = `${request.method} ${request.path}`;
  if (neverSent(code, error)) {
    const message = `${request.tool} cannot be reached for ${what} (${code})`;
    return failure(`${codePrefix(request.tool)}_UNREACHABLE`, message, { kind: 'theirs', retryable: true });
  }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    const message = `${request.tool} answered ${what} with more than this client takes`;
    return failure(`${codePrefix(request.tool)}_TOO_LARGE`, message, { kind: 'theirs', unknown: request.changes });
  }
  const slow = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
  const message = `${request.tool} gave no whole answer to ${what} (${code})`;
  const rest = { kind: slow ? 'timeout' : 'theirs', retryable: true, unknown: request.changes } as const;
  return failure(`${codePrefix(request.tool)}_NO_ANSWER`, message, rest);
}

/** undici's and Node's words for "you called me wrongly": a defect of ours, never the vendor's. */
const OWN_FAULTS = /^(?:UND_ERR_(?:INVALID_ARG|INVALID_RETURN_VALUE|NOT_SUPPORTED|CLOSED|DESTROYED)|ERR_INVALID_.*)$/;

const BEFORE_SENDING = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const BAD_CERTIFICATE = /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/;

// Only what certainly happened before the first byte of the request; a doubt counts as sent.
function neverSent(code: string, error: unknown): boolean {
  const connecting = ['connect', 'getaddrinfo'].includes(stringMember(error, 'syscall') ?? '');
  return connecting || BEFORE_SENDING.has(code) || BAD_CERTIFICATE.test(code);
}

function codeOf(error: unknown): string | undefined {
  return stringMember(error, 'code');
}

function stringMember(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const member: unknown = Reflect.get(value, name);
  return typeof member === 'string' ? member : undefined;
}

/** `Retry-After` in ms from now: seconds or an HTTP date; undefined when absent or unreadable. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  // Every HTTP date names its day; without this Date.parse would take "-5" for a year.
  const at = /^[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** When an answer was sent, by the clock that its other dates go by: its own. By ours only where it does not say. */
export function sentAtMs(headers: Readonly<Record<string, string | undefined>>): number {
  const at = Date.parse(headers['date'] ?? '');
  return Number.isNaN(at) ? Date.now() : at;
}

const MAX_REASON_LENGTH = 300;

/** The vendor's explanation, wherever vendors put it: `message`, `err`, `error`, `error.message`, `errors[].message`. */
export function reasonOf(body: unknown): string | undefined {
  const texts = [...new Set(textsOf(body))].filter((text) => text.trim() !== '');
  return texts.length === 0 ? undefined : texts.join('; ').slice(0, MAX_REASON_LENGTH);
}

function textsOf(body: unknown): string[] {
  if (typeof body === 'string') return [body];
  if (Array.isArray(body)) return body.flatMap(textsOf);
  if (typeof body !== 'object' || body === null) return [];
  return ['message', 'detail', 'err', 'error', 'errors'].flatMap((name) => textsOf(Reflect.get(body, name)));
}
