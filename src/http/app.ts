// The HTTP API: one fastify app with one resource a file, closed by default, every answer described.
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import { BreakwaterError } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { forTenant } from '../postgres/index.ts';
import { z } from 'zod';
import { problemOf } from './problem.ts';
import { wordsOf } from './refused-input.ts';
import { adapterRoutes } from './adapters.ts';
import type { App, HttpOptions, Services } from './app-context.ts';
import { approvalRoutes } from './approvals.ts';
import { approveLinkRoutes } from './approve-link.ts';
import { installAuthentication } from './authentication.ts';
import { MAX_BODY_BYTES, installBodyRules } from './body.ts';
import { auditRoutes } from './audit.ts';
import { breakerRoutes } from './breakers.ts';
import { bulkRoutes } from './bulk.ts';
import { campaignRoutes } from './campaigns.ts';
import { PATIENCE, limitConnections, refuseClient, serverOptions } from './connection-limits.ts';
import { dashboardRoutes } from './dashboard.ts';
import { definitionRoutes } from './definitions.ts';
import { installErrorHandler } from './error-handler.ts';
import { effectRoutes } from './effects.ts';
import { executorRoutes } from './executors.ts';
import { healthRoutes } from './health.ts';
import { historyRoutes } from './history.ts';
import { meRoute } from './me.ts';
import { metricsRoutes } from './metrics.ts';
import { newsRoutes } from './news.ts';
import { installOpenApi, openApiRoute } from './openapi.ts';
import { createRateLimit } from './rate-limit.ts';
import { responseHeaders } from './response-headers.ts';
import { runControlRoutes } from './run-control.ts';
import { runRoutes } from './runs.ts';
import { createVerifyToken } from './tokens.ts';
import { slackInteractionRoutes } from './slack-interactions.ts';
import { workflowRoutes } from './workflows.ts';

/** An approval token is the longest thing a path holds. */
const MAX_PARAM_LENGTH = 2_048;

type Resource = (app: App, services: Services) => void;

const resources: readonly Resource[] = [
  healthRoutes,
  metricsRoutes,
  definitionRoutes,
  runRoutes,
  runControlRoutes,
  bulkRoutes,
  historyRoutes,
  effectRoutes,
  approvalRoutes,
  approveLinkRoutes,
  slackInteractionRoutes,
  campaignRoutes,
  workflowRoutes,
  adapterRoutes,
  breakerRoutes,
  executorRoutes,
  auditRoutes,
  newsRoutes,
  meRoute,
  dashboardRoutes,
  openApiRoute,
];

/** Nothing listens yet. A route that declares no access makes `ready()` and `listen()` fail. */
export function createHttpApp(options: HttpOptions): FastifyInstance {
  const { patience = PATIENCE } = options;
  const headers = responseHeaders(options.behindHttps);
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: patience.requestMs,
    http: serverOptions(patience),
    clientErrorHandler: refuseClient(headers),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: () => randomUUID(),
    // A path that cannot even be routed is refused in the same form as everything else.
    frameworkErrors: (error, request, reply) => {
      const problem = problemOf(new BreakwaterError('BAD_REQUEST', error.message, { cause: error }), request.id);
      reply.raw
        .writeHead(problem.status, { ...headers, 'content-type': 'application/problem+json' })
        .end(JSON.stringify(problem));
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  limitConnections(app);
  installHeaders(app, headers);
  installRequestEvents(app, options.emit);
  z.config({ customError: wordsOf });
  installErrorHandler(app, options.emit);
  if (options.role === 'worker') refuseAllButHealth(app);
  installAuthentication(app, {
    knex: options.knex,
    verifyToken: options.oidc && createVerifyToken(options.oidc, options),
    rateLimit: createRateLimit(options.requestsPerSecond),
  });
  installBodyRules(app);
  installOpenApi(app);
  const services = {
    ...options,
    knexOf: (tenant: string) => forTenant(options.knex, tenant),
    closing: whenClosing(app),
  };
  for (const resource of resources) {
    void app.register(async (scope) => resource(scope.withTypeProvider<ZodTypeProvider>(), services));
  }
  return app;
}

const SERVED_BY_WORKERS: ReadonlySet<string | undefined> = new Set(['/health', '/ready', '/metrics']);

// Before authentication: whoever asks learns where to ask.
function refuseAllButHealth(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (SERVED_BY_WORKERS.has(request.routeOptions.url)) return;
    const message = 'This process is a worker: it serves /health, /ready and /metrics only. Ask an api process.';
    throw new BreakwaterError('NOT_FOUND', message);
  });
}

function installHeaders(app: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ ...headers, 'x-request-id': request.id });
  });
}

// The route's pattern, never the path: a path may hold an approval token.
function installRequestEvents(app: FastifyInstance, emit: Emit): void {
  app.addHook('onResponse', async (request, reply) => {
    const { url: route = 'none' } = request.routeOptions;
    const fields = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: reply.elapsedTime,
      requestId: request.id,
    };
    emit({ level: 'debug', name: 'http.request', fact: true, fields });
  });
}

// Answers that were held until now end their connections: kept alive, each would hold the close up until it times out.
function whenClosing(app: FastifyInstance): Promise<void> {
  let closing = false;
  app.addHook('onSend', async (_request, reply) => {
    if (closing) void reply.header('connection', 'close');
  });
  return new Promise((resolve) => {
    app.addHook('preClose', async () => {
      closing = true;
      resolve();
    });
  });
}
