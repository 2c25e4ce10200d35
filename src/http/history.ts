// What happened in a run: its history in pages, and where its time went.
import { z } from 'zod';
import { createRunHistory } from '../runs/index.ts';
import type { RunHistory } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { eventRoute } from './events.ts';
import { failureRoute } from './failures.ts';
import { problemResponse } from './problem.ts';
import { idParams, json, pageOf, pageQuery } from './shapes.ts';

const tags = ['history'];

const fact = z
  .object({
    id: z.string().describe('Its place in the history; the same fact always has the same.'),
    at: z.string(),
    kind: z
      .string()
      .describe('Such as activity.completed, approval.opened, control.cancel; docs/history.md lists them.'),
    node: z.string().optional(),
    item: z.int().optional().describe('Of a list.'),
    attempt: z.int().optional(),
    key: z.string().optional().describe('What a repeat is recognised by.'),
    input: json.optional(),
    output: json.optional(),
    error: z
      .looseObject({
        code: z.string(),
        message: z.string(),
        unknown: z.boolean().optional(),
        retryable: z.boolean().optional(),
      })
      .optional(),
    executor: z.string().optional(),
    by: z.string().optional().describe('Who did it, where a person did.'),
    data: z.record(z.string(), json).optional(),
  })
  .meta({ id: 'Fact' });

const historyQuery = pageQuery.extend({
  kind: z.string().max(100).optional().describe('A kind, such as activity.failed, or all that begin so: activity.'),
  node: z.string().max(200).optional(),
});

const timeline = z
  .object({
    nodes: z
      .array(
        z.object({
          id: z.string(),
          startedAt: z.string(),
          finishedAt: z.string().optional(),
          slackMs: z.number().optional().describe('How much later it could have ended without making the run longer.'),
          critical: z.boolean(),
        }),
      )
      .readonly(),
    criticalPath: z
      .array(z.string())
      .readonly()
      .describe('From the start to what ended last, each waited for by the next.'),
    wallMs: z.number(),
    criticalMs: z.number().describe('Of it what the nodes of the critical path took themselves.'),
  })
  .meta({ id: 'Timeline' });

export const runGraph = z
  .object({
    isCoded: z.boolean().describe('Code decides what it does: only what it did is known, see the history.'),
    nodes: z
      .array(
        z.object({
          id: z.string(),
          module: z.string(),
          kind: z.enum(['activity', 'approval', 'wait', 'workflow']),
          dependsOn: z.array(z.string()).readonly(),
          wave: z.int().describe('Its depth.'),
          optional: z.boolean(),
          does: z.string().optional().describe("<tool>.<action>, a child run's workflow, or the topic waited for."),
          isList: z.boolean().describe('It is called once an element of a list.'),
          takenBackBy: z.string().optional().describe('The action that takes it back, or "irreversible".'),
        }),
      )
      .readonly(),
    modules: z.array(z.object({ id: z.string(), type: z.string(), optional: z.boolean() })).readonly(),
    compensationOrder: z.enum(['reverse_graph', 'lifo']),
  })
  .meta({ id: 'RunGraph' });

export function historyRoutes(app: App, services: Services): void {
  const history = createRunHistory(services);
  void services.closing.then(() => history.close());
  pageRoutes(app, history);
  eventRoute(app, services, history);
  failureRoute(app, services, history);
}

function pageRoutes(app: App, history: RunHistory): void {
  app.get(
    '/v1/runs/:id/history',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What happened in the run, in order',
        tags,
        params: idParams,
        querystring: historyQuery,
        response: { 200: pageOf(fact), ...problemResponse },
      },
    },
    async (request) => await history.history(actorOf(request).tenant, request.params.id, request.query),
  );
  app.get(
    '/v1/runs/:id/timeline',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Where its time went: the critical path, and the slack of each node',
        tags,
        params: idParams,
        response: { 200: timeline, ...problemResponse },
      },
    },
    async (request) => await history.timeline(actorOf(request).tenant, request.params.id),
  );
  app.get(
    '/v1/runs/:id/graph',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What it executes: its nodes, what each waits for, and what takes each back',
        tags,
        params: idParams,
        response: { 200: runGraph, ...problemResponse },
      },
    },
    async (request) => await history.graph(actorOf(request).tenant, request.params.id),
  );
}
