// Any HTTP API or page, for what has no adapter of its own; every address passes the outbound guard, redirects too.
import { z } from 'zod';
import { defineAction } from './define-action.ts';
import { exchange, MAX_REDIRECTS, type Exchanged } from './outbound-exchange.ts';
import type { OutboundGuard } from './outbound-guard.ts';
import type { RoutedRequest } from './redirect.ts';
import type { Tool } from './tool.ts';

/** The connection's own headers, and the one that carries our key. */
const RESERVED_HEADER =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|idempotency-key)$/i;

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
  .refine((name) => !RESERVED_HEADER.test(name), { error: ({ input }) => `${String(input)} is set by the client` });
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line of Latin letters');

const target = {
  url: z.string().min(1).max(8_192).describe('The whole address, http or https'),
  query: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Added to those of the address'),
  headers: z.record(headerName, headerValue).default({}),
  redirects: z.int().min(0).max(MAX_REDIRECTS).default(0).describe('How many redirects to follow'),
  expect: z
    .array(z.int().min(100).max(599))
    .min(1)
    .optional()
    .describe('The statuses that are a success; by default 200 to 299'),
};

const answerShape = z.object({
  status: z.int(),
  url: z.string().describe('Where the answer came from, after redirects'),
  headers: z.record(z.string(), z.string()),
  body: z.unknown().describe('JSON where the answer says it is, else text; null when there is none'),
});
type HttpAnswer = z.infer<typeof answerShape>;

function get(guard: OutboundGuard) {
  return defineAction({
    description: 'Reads from any public address.',
    input: z.strictObject(target),
    output: answerShape,
    effect: false,
    keyedBy: 'none',
    run: async (call, { url, query, headers, ...wanted }) => {
      const first = { method: 'GET', url: withQuery(url, query), headers: lowerCased(headers) } as const;
      return toOutput(await exchange(guard, call, first, wanted));
    },
  });
}

const requestInput = z
  .strictObject({
    ...target,
    method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']),
    json: z.json().optional().describe('The body as JSON'),
    text: z.string().optional().describe('The body as text; say its content-type in headers'),
  })
  .refine(({ json, text }) => json === undefined || text === undefined, { message: 'takes json or text, not both' });
type RequestInput = z.infer<typeof requestInput>;

function request(guard: OutboundGuard) {
  return defineAction({
    description: 'Sends a request to any public address; its idempotency key goes along with POST and PATCH.',
    input: requestInput,
    output: answerShape,
    effect: true,
    // A server that does not know the header repeats the act; PUT and DELETE are repeatable by what they mean.
    keyedBy: 'vendor',
    run: async (call, input) => toOutput(await exchange(guard, call, toRequest(input, call.key), input)),
  });
}

function toRequest({ method, url, query, headers, json, text }: RequestInput, key: string): RoutedRequest {
  const body = json === undefined ? text : JSON.stringify(json);
  return {
    method,
    url: withQuery(url, query),
    headers: {
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...lowerCased(headers),
      ...((method === 'POST' || method === 'PATCH') && { 'idempotency-key': key }),
    },
    ...(body !== undefined && { body }),
  };
}

// What is no address is left to the guard, which refuses it.
function withQuery(address: string, query: Readonly<Record<string, string | number | boolean>>): string {
  const url = URL.parse(address);
  if (!url || Object.keys(query).length === 0) return address;
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
  return url.href;
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Cookies are credentials of whoever was answered; an outcome is read by many. */
const HIDDEN_HEADERS: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2']);

function toOutput({ request: sent, answer, body }: Exchanged): HttpAnswer {
  const shown = Object.entries(answer.headers).filter(([name]) => !HIDDEN_HEADERS.has(name));
  return { status: answer.status, url: sent.url, headers: Object.fromEntries(shown), body };
}

export function createHttp(guard: OutboundGuard) {
  return {
    name: 'http',
    actions: { get: get(guard), request: request(guard) },
    // What goes to whom an address names; the address itself is shown.
    secretArguments: ['query', 'headers', 'json', 'text'],
  } satisfies Tool;
}
