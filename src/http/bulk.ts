// One verb of operators for all runs that a filter finds: what it would do, asking for it, and how far it is.
import { z } from 'zod';
import { BULK_ACTIONS, MAX_BULK } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { runMatch } from './run-filter.ts';
import { waitQuery } from './runs.ts';
import { idParams, idempotencyHeaders } from './shapes.ts';

const tags = ['run control'];

const askBody = z
  .strictObject({
    action: z.enum(BULK_ACTIONS, { error: `must be one of ${BULK_ACTIONS.join(', ')}` }),
    filter: runMatch.describe("As of the list of runs, with labels as an object: all of the list's pages."),
    expectedCount: z
      .int()
      .min(0)
      .max(MAX_BULK)
      .optional()
      .describe('How many runs the filter found. May be left out with dryRun only.'),
    compensate: z.boolean().optional().describe('Of cancel: is what was done taken back? Default: true.'),
    reason: z.string().max(2_000).optional().describe('Kept with each run.'),
    dryRun: z.boolean().default(false).describe('Answers what it would do, and does nothing.'),
  })
  .refine(({ dryRun, expectedCount }) => dryRun || expectedCount !== undefined, {
    path: ['expectedCount'],
    message: 'is required: how many runs are to be acted on. With dryRun the answer tells',
  });

const bulk = z
  .object({
    id: z.string(),
    action: z.enum(BULK_ACTIONS),
    compensate: z.boolean().optional(),
    reason: z.string().optional(),
    by: z.string(),
    count: z.int().describe('Runs that it is on: those that the filter found when it was asked.'),
    done: z.int(),
    unchanged: z.int().describe('They were so already.'),
    refused: z.int(),
    left: z.int(),
    refusals: z
      .array(z.object({ runId: z.string(), reason: z.string() }))
      .readonly()
      .describe('The first hundred.'),
    createdAt: z.string(),
    finishedAt: z.string().optional(),
  })
  .meta({ id: 'BulkAction' });

const preview = z
  .object({
    count: z.int(),
    accepted: z.int(),
    unchanged: z.int(),
    refused: z.array(z.object({ reason: z.string(), count: z.int() })).readonly(),
  })
  .meta({ id: 'BulkPreview' });

export function bulkRoutes(app: App, { runs }: Services): void {
  app.post(
    '/v1/runs/bulk',
    {
      config: { access: 'operator' },
      schema: {
        summary: `One verb for all runs that a filter finds, ${MAX_BULK} at most; 409 when they are not as many as expected`,
        tags,
        headers: idempotencyHeaders,
        body: askBody,
        response: { 200: preview, 202: bulk, ...problemResponse },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const { dryRun, expectedCount, ...asked } = request.body;
      if (dryRun || expectedCount === undefined)
        return await reply.code(200).send(await runs.bulk.preview(actor.tenant, asked));
      const idempotencyKey = request.headers['idempotency-key'];
      const begun = await runs.bulk.start(actor, { ...asked, expectedCount, idempotencyKey });
      return await reply.code(202).header('location', `/v1/runs/bulk/${begun.id}`).send(begun);
    },
  );
  app.get(
    '/v1/runs/bulk/:id',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'How far it is; `wait` holds the answer until it is over',
        tags,
        params: idParams,
        querystring: waitQuery,
        response: { 200: bulk, ...problemResponse },
      },
    },
    async (request) => await runs.bulk.get(actorOf(request).tenant, request.params.id, request.query.wait),
  );
}
