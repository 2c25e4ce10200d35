// Finds the function behind a method and a path, for doubles and for the sandbox's own routes. Pure.
import { type Answer, Refusal, type VendorRequest } from './vendor.ts';

/** Captures arrive decoded, in the order of the pattern. */
export type RouteHandler = (request: VendorRequest, ...captures: string[]) => Answer;

export interface Route {
  readonly method: string;
  readonly pattern: readonly string[];
  readonly handle: RouteHandler;
}

/** `:name` captures one segment, `*name` (last) the rest with its slashes, whether they came percent-encoded or not. */
export function route(method: string, pattern: string, handle: RouteHandler): Route {
  return { method, pattern: pattern.split('/'), handle };
}

/** The first route that fits, or undefined when none does. */
export function dispatch(routes: readonly Route[], request: VendorRequest): Answer | undefined {
  const segments = decodeSegments(request.path);
  if (!segments) return undefined;
  for (const candidate of routes) {
    const captures = candidate.method === request.method ? capture(candidate.pattern, segments) : undefined;
    if (captures) return answerOf(() => candidate.handle(request, ...captures));
  }
  return undefined;
}

function answerOf(handle: () => Answer): Answer {
  try {
    return handle();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}

function capture(pattern: readonly string[], segments: readonly string[]): string[] | undefined {
  const captures: string[] = [];
  for (const [index, part] of pattern.entries()) {
    const rest = segments.slice(index);
    if (part.startsWith('*')) return rest.join('/') === '' ? undefined : [...captures, rest.join('/')];
    const segment = segments[index];
    if (segment === undefined) return undefined;
    if (part.startsWith(':') && segment !== '') captures.push(segment);
    else if (part !== segment) return undefined;
  }
  return pattern.length === segments.length ? captures : undefined;
}

function decodeSegments(path: string): string[] | undefined {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
