// Every request to the API: with the key of the session, its answer parsed, its refusal thrown. A key that is refused signs out.
import * as z from 'zod/mini';
import { key, signOut } from '../session.ts';
import { ApiProblem, parseJson, problemIn } from './problem.ts';

type Shape<T> = z.ZodMiniType<T>;

export interface Sent {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** The same key with the same body is the same request, however often it is sent. */
  readonly idempotencyKey?: string;
  /** Of a definition's text. */
  readonly contentType?: string;
}

export async function get<T>(path: string, shape: Shape<T>, signal?: AbortSignal): Promise<T> {
  return await parsed(await ask('GET', path, { signal }), shape);
}

export async function post<T>(path: string, body: unknown, shape: Shape<T>, sent: Sent = {}): Promise<T> {
  return await parsed(await ask('POST', path, { ...sent, body }), shape);
}

/** The answer as it comes, when it is not a refusal. */
export async function ask(
  method: 'GET' | 'POST',
  path: string,
  { body, signal, idempotencyKey, contentType = 'application/json', ...given }: Sent & { lastEventId?: string } = {},
): Promise<Response> {
  const used = key.peek();
  const response = await fetch(path, {
    signal,
    cache: 'no-store',
    credentials: 'omit',
    headers: {
      ...(used !== undefined && { authorization: `Bearer ${used}` }),
      ...(method === 'POST' && { 'content-type': contentType }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(given.lastEventId !== undefined && { 'last-event-id': given.lastEventId }),
    },
    ...(method === 'POST' && { method, body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
  });
  if (response.ok) return response;
  // A later key may be in use by now.
  if (response.status === 401 && key.peek() === used) signOut();
  throw await problemIn(response);
}

async function parsed<T>(response: Response, shape: Shape<T>): Promise<T> {
  const result = shape.safeParse(parseJson(await response.text()));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new ApiProblem(
    response.status,
    'UNREADABLE',
    `The answer has another shape than this page expects (${where}).`,
  );
}

/** Does this key open the API? Throws what says that it does not. */
export async function tryKey(given: string): Promise<void> {
  const response = await fetch('/v1/me', { cache: 'no-store', headers: { authorization: `Bearer ${given}` } });
  if (!response.ok) throw await problemIn(response);
}

/** `/v1/runs` with these parameters; what is undefined or empty is left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}
