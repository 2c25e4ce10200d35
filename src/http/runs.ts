// Runs: start, look at, wait for, send messages to.
import { z } from 'zod';
import { uuidv7 } from '../kernel/index.ts';
import type { RunFilter } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { labels, priority, runProgress, runStatus, runView, startedRun } from './run-shape.ts';
import { durationUpTo, idParams, idempotencyHeaders, instant, json, pageOf, pageQuery } from './shapes.ts';
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

/** `status=held,stuck`, or the parameter twice. */
const statuses = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((each) => each.split(',')))
  .pipe(z.array(runStatus).min(1))
  .describe('One of these statuses, separated by commas.');

const LABEL = /^label\.(.{1,100})$/;
const listQuery = pageQuery
  .extend({
    workflow: z.string().max(200).optional(),
    status: statuses.optional(),
    errorCode: z.string().max(100).optional().describe('Of its error, such as SENDGRID_401.'),
    node: z.string().max(200).optional().describe('Where it failed: a node, or a module.'),
    since: instant.optional(),
    until: instant.optional(),
    q: z
      .string()
      .max(200)
      .optional()
      .describe("Part of an id, a workflow's name, an error's code or text, or a label's value."),
  })
  .catchall(z.string().max(200))
  .superRefine((query, context) => {
    for (const name of Object.keys(query).filter((key) => !(key in listQuery.shape) && !LABEL.test(key))) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'is not a parameter; a label is asked for as label.<name>',
      });
    }
  });

export const waitQuery = z.strictObject({ wait: durationUpTo(MAX_WAIT_MS, '60s').optional() });

export function runRoutes(app: App, services: Services): void {
  startRoute(app, services);
  listRoute(app, services);
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
        headers: idempotencyHeaders,
        body: startBody,
        response: { 202: startedRun, ...problemResponse },
      },
    },
    async (request, reply) => {
      const idempotencyKey = request.headers['idempotency-key'];
      const { run } = await runs.start(actorOf(request), { ...request.body, idempotencyKey });
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

function filterOf(query: z.output<typeof listQuery>): RunFilter {
  const { workflow, status, errorCode, node, since, until, q, limit, cursor, ...rest } = query;
  const asked = Object.entries(rest).map(([key, value]) => [key.slice('label.'.length), value] as const);
  return {
    workflow,
    status,
    errorCode,
    node,
    since,
    until,
    q,
    limit,
    cursor,
    labels: asked.length > 0 ? Object.fromEntries(asked) : undefined,
  };
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
