// Runs: start, look at, wait for, send messages to.
import { z } from 'zod';
import { uuidv7 } from '../kernel/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { countQuery, filterOf, listQuery, matchOf } from './run-filter.ts';
import { labels, priority, runProgress, runView, startedRun } from './run-shape.ts';
import { durationUpTo, idParams, idempotencyHeaders, json, pageOf, startHeaders } from './shapes.ts';
import { readRun } from './wait.ts';

const tags = ['runs'];
const MAX_WAIT_MS = 60_000;

const startBody = z.strictObject({
  workflow: z.string().min(1).max(200),
  version: z.string().max(100).optional().describe('Default: the highest.'),
  input: json.default({}),
  priority: priority.optional(),
  labels: labels.optional(),
});

const runCount = z
  .object({ count: z.int(), more: z.boolean().describe('There are more than were counted.') })
  .meta({ id: 'RunCount' });

export const waitQuery = z.strictObject({ wait: durationUpTo(MAX_WAIT_MS, '60s').optional() });

export function runRoutes(app: App, services: Services): void {
  startRoute(app, services);
  listRoute(app, services);
  countRoute(app, services);
  readRoutes(app, services);
  messageRoute(app, services);
}

function startRoute(app: App, { runs }: Services): void {
  app.post(
    '/v1/runs',
    {
      config: { access: 'starter' },
      schema: {
        summary: 'Start a run',
        tags,
        headers: startHeaders,
        body: startBody,
        response: { 202: startedRun, ...problemResponse },
      },
    },
    async (request, reply) => {
      const { 'idempotency-key': idempotencyKey, traceparent } = request.headers;
      const { run } = await runs.start(actorOf(request), { ...request.body, idempotencyKey, traceparent });
      return await reply.code(202).header('location', `/v1/runs/${run.id}`).send(run);
    },
  );
}

function listRoute(app: App, { runs }: Services): void {
  app.get(
    '/v1/runs',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'List runs, newest first; label.<name>=<value> asks for a label',
        tags,
        querystring: listQuery,
        response: { 200: pageOf(runView), ...problemResponse },
      },
    },
    async (request) => await runs.list(actorOf(request).tenant, filterOf(request.query)),
  );
}

function countRoute(app: App, { runs }: Services): void {
  app.get(
    '/v1/runs/count',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'How many runs a list has in all its pages',
        tags,
        querystring: countQuery,
        response: { 200: runCount, ...problemResponse },
      },
    },
    async (request) => await runs.count(actorOf(request).tenant, matchOf(request.query)),
  );
}

function readRoutes(app: App, services: Services): void {
  app.get(
    '/v1/runs/:id',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'One run; `wait` holds the answer until it is final',
        tags,
        params: idParams,
        querystring: waitQuery,
        response: { 200: runView, ...problemResponse },
      },
    },
    async (request) => await readRun(services, actorOf(request).tenant, request.params.id, request.query.wait),
  );
  app.get(
    '/v1/runs/:id/progress',
    {
      config: { access: 'viewer' },
      schema: { summary: 'How far it is', tags, params: idParams, response: { 200: runProgress, ...problemResponse } },
    },
    async (request) => await services.runs.progress(actorOf(request).tenant, request.params.id),
  );
}

function messageRoute(app: App, { runs }: Services): void {
  app.post(
    '/v1/runs/:id/messages/:topic',
    {
      config: { access: 'starter' },
      schema: {
        summary: 'Send a message to a run that waits for this topic, exactly once',
        tags,
        params: idParams.extend({ topic: z.string().min(1).max(200) }),
        headers: idempotencyHeaders,
        body: json,
        response: { 202: z.object({ runId: z.string(), topic: z.string() }), ...problemResponse },
      },
    },
    async (request, reply) => {
      const { id, topic } = request.params;
      // Without a key each request is a message of its own.
      const key = request.headers['idempotency-key'] ?? uuidv7(Date.now());
      await runs.send(actorOf(request), id, topic, request.body, key);
      return await reply.code(202).send({ runId: id, topic });
    },
  );
}
