// Where an answer sends a request on to, and what of the request may go along. Pure. https://fetch.spec.whatwg.org/#http-redirect-fetch
import type { PinnedAnswer, PinnedRequest } from './pinned-request.ts';

export interface RoutedRequest extends PinnedRequest {
  readonly url: string;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** To another origin only these go along: any other header may hold a credential. */
const HARMLESS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-language',
  'content-type',
  'idempotency-key',
  'user-agent',
]);

/** Headers that speak of a body, and of one act: a redirect that turns a request into a GET leaves them behind. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'idempotency-key',
]);

/** The absolute address an answer redirects to; undefined when it does not, or to none that can be read. */
export function redirectOf({ status, headers }: PinnedAnswer, url: string): string | undefined {
  const location = headers['location'];
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  return URL.parse(location, url)?.href;
}

/** The request that follows a redirect. 303 asks for a GET; 301 and 302 make one of a POST, as every client does. */
export function follow(request: RoutedRequest, status: number, to: string): RoutedRequest {
  const becomesGet = status === 303 || (status < 303 && request.method === 'POST');
  const { body, ...withoutBody } = request;
  const next = becomesGet
    ? { ...withoutBody, method: 'GET' as const, headers: keep(request.headers, (name) => !OF_THE_BODY.has(name)) }
    : { ...withoutBody, ...(body !== undefined && { body }) };
  const stays = URL.parse(request.url)?.origin === URL.parse(to)?.origin;
  return { ...next, url: to, headers: stays ? next.headers : keep(next.headers, (name) => HARMLESS.has(name)) };
}

function keep(
  headers: Readonly<Record<string, string>>,
  wanted: (name: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted(name)));
}
