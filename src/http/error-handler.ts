// Turns whatever a request throws into its answer, and announces what is a defect of ours.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BreakwaterError, didYouMean, FailureError, messageOf, type Emit } from '../kernel/index.ts';
import { isOwnDatabaseError } from '../postgres/index.ts';
import { problemOf, type ProblemDocument } from './problem.ts';
import { RateLimitedError } from './rate-limit.ts';

/** Must be installed before the routes, so that it knows their paths. */
export function installErrorHandler(app: FastifyInstance, emit: Emit): void {
  const paths = collectPaths(app);
  app.setErrorHandler(async (error, request, reply) => {
    const problem = reportProblem(error, request, emit);
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    const retryAfterMs = retryAfterMsOf(error);
    if (retryAfterMs !== undefined) void reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
    return await reply.code(problem.status).type('application/problem+json').send(problem);
  });
  app.setNotFoundHandler({}, (request) => {
    const path = request.url.split('?')[0] ?? '';
    throw new BreakwaterError('NOT_FOUND', `No route ${request.method} ${path}${didYouMean(path, paths)}`);
  });
}

function retryAfterMsOf(error: unknown): number | undefined {
  if (error instanceof RateLimitedError) return error.retryAfterMs;
  return error instanceof FailureError ? error.failure.retryAfterMs : undefined;
}

/** What to answer. The cause of a defect goes to the log under the request's id, never to the caller. */
export function reportProblem(error: unknown, request: FastifyRequest, emit: Emit): ProblemDocument {
  const problem = problemOf(translate(error), request.id);
  // A vendor's failure is the caller's to see; only ours is one for the log.
  if (problem.status >= 500 && !(error instanceof FailureError)) {
    const stack = error instanceof Error ? error.stack : undefined;
    const fields = { requestId: request.id, route: request.routeOptions.url, reason: messageOf(error), stack };
    emit({ level: 'error', name: 'http.failed', fields });
  }
  return problem;
}

/** Why our Postgres failed is for the log; the caller learns that it is worth trying again. */
function translate(error: unknown): unknown {
  if (error instanceof BreakwaterError || !isUnreachable(error)) return error;
  return new BreakwaterError('UNAVAILABLE', 'The database cannot be reached; try again in a moment.', { cause: error });
}

// A lost connection, a shutdown, a full server; a faulty query is a defect of ours.
function isUnreachable(error: unknown): boolean {
  if (!isOwnDatabaseError(error) || !(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|25006|28|3D|53|57|58|XX)/.test(code) || code === 'EPIPE';
}

function collectPaths(app: FastifyInstance): Set<string> {
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url);
  });
  return paths;
}
