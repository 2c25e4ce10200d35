// Requests altered in one place each: the contract must notice every one that it does not call harmless. Pure.
import type { WireRequest } from './traffic.ts';
import type { Judge } from './judge.ts';

export interface Mutant {
  /** What was done to the request. */
  readonly name: string;
  /** The contract says that it does no harm. */
  readonly harmless?: boolean;
  alter(request: WireRequest): WireRequest;
}

/** The judge says what the contract demands of this request. */
export function mutantsOf(request: WireRequest, judge: Judge): Mutant[] {
  const operation = judge.operationOf(request);
  return [
    withOtherMethod(request.method),
    ...misspeltPaths(request.path),
    ...(operation?.open ? [withOurCredential] : []),
    ...Object.keys(judge.headersOf(request)).flatMap(spoiltHeaders),
    ...Object.keys(request.query).map(withoutParameter),
    ...spoiltBodies(request.body, Object.keys(operation?.optional ?? {})),
  ];
}

/** Another method that the same path often knows. */
const OTHER: Readonly<Record<string, string>> = {
  GET: 'DELETE',
  POST: 'PUT',
  PUT: 'POST',
  PATCH: 'PUT',
  DELETE: 'GET',
};

function withOtherMethod(method: string): Mutant {
  const other = OTHER[method] ?? 'GET';
  return { name: `as ${other}`, alter: (request) => ({ ...request, method: other }) };
}

function misspeltPaths(path: string): Mutant[] {
  const segments = path.split('/').slice(1);
  return segments.map((_, index) => ({
    name: `with segment ${index + 1} of its path misspelt`,
    alter: (request) => ({ ...request, path: withSegment(request.path, index, (text) => `${text}x`) }),
  }));
}

function withSegment(path: string, index: number, change: (text: string) => string): string {
  const [, ...segments] = path.split('/');
  return `/${segments.map((segment, at) => (at === index ? change(segment) : segment)).join('/')}`;
}

const withOurCredential: Mutant = {
  name: 'with our credential',
  alter: (request) => ({ ...request, headers: { ...request.headers, authorization: 'Bearer ours' } }),
};

function spoiltHeaders(name: string): Mutant[] {
  return [
    {
      name: `without header ${name}`,
      alter: (request) => ({ ...request, headers: withoutName(request.headers, name) }),
    },
    {
      name: `with header ${name} garbled`,
      alter: (request) => ({ ...request, headers: { ...request.headers, [name]: garbled(request.headers[name]) } }),
    },
  ];
}

function withoutName<T>(fields: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));
}

function garbled(text = ''): string {
  return Array.from(text).toReversed().join('');
}

function withoutParameter(name: string): Mutant {
  return {
    name: `without ${name} in its query`,
    alter: (request) => ({ ...request, query: withoutName(request.query, name) }),
  };
}

function spoiltBodies(body: unknown, optional: readonly string[]): Mutant[] {
  if (body === undefined) return [];
  if (typeof body === 'string') return [{ name: 'with its last byte lost', alter: withoutLastByte }];
  return [
    { name: 'without its body', alter: (request) => ({ ...request, body: undefined }) },
    ...memberPaths(body, '').map((path) => withoutPath(path, optional.includes(path))),
  ];
}

function withoutPath(path: string, harmless: boolean): Mutant {
  return {
    name: `without ${path} in its body`,
    ...(harmless && { harmless }),
    alter: (request) => ({ ...request, body: withoutMember(request.body, path.split('.')) }),
  };
}

function withoutLastByte(request: WireRequest): WireRequest {
  return { ...request, body: String(request.body).slice(0, -1) };
}

const DEPTH = 3;

/** `email_config.subject`; of a list only the first item, as `files.0.id`. */
function memberPaths(value: unknown, prefix: string, depth = 1): string[] {
  if (!isObject(value) || depth > DEPTH) return [];
  const entries = Array.isArray(value) ? Object.entries(value).slice(0, 1) : Object.entries(value);
  return entries.flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    return [path, ...memberPaths(member, `${path}.`, depth + 1)];
  });
}

function withoutMember(body: unknown, path: readonly string[]): unknown {
  const copy: unknown = structuredClone(body);
  const holder = path.slice(0, -1).reduce(memberOf, copy);
  const last = path.at(-1) ?? '';
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else if (isObject(holder)) Reflect.deleteProperty(holder, last);
  return copy;
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? Reflect.get(value, name) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
