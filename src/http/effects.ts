// What runs changed outside: of one run, and what still stands of runs that were taken back.
import { z } from 'zod';
import { EFFECT_STATES } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { idParams, instant, pageOf, pageQuery } from './shapes.ts';

const tags = ['effects'];

const effect = z
  .object({
    node: z.string(),
    item: z.int().optional().describe('Of a list.'),
    epoch: z.int(),
    key: z.string().optional().describe('What a repeat is recognised by.'),
    tool: z.string().optional(),
    action: z.string().optional(),
    digest: z.string().optional().describe('sha256 of the arguments.'),
    externalId: z.string().optional().describe('What the vendor calls it.'),
    state: z.enum(EFFECT_STATES),
    stands: z.boolean().describe('May the change be there now?'),
    takenBackBy: z.string().optional().describe('The action that takes it back, or "irreversible".'),
    probed: z.string().optional().describe('What a look for an effect in doubt found.'),
    errorCode: z.string().optional(),
    undoErrorCode: z.string().optional(),
    startedAt: z.string().optional(),
    finishedAt: z.string().optional(),
    undoneAt: z.string().optional(),
  })
  .meta({ id: 'Effect' });

const leak = effect
  .extend({
    runId: z.string(),
    workflow: z.string(),
    runStatus: z.string(),
    runFinishedAt: z.string(),
    why: z.string().describe('Why it stands, in words.'),
  })
  .meta({ id: 'Leak' });

const leakQuery = pageQuery.extend({
  workflow: z.string().max(200).optional(),
  since: instant.optional().describe('Runs that ended since then.'),
  until: instant.optional(),
});

export function effectRoutes(app: App, { runs }: Services): void {
  app.get(
    '/v1/runs/:id/effects',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What the run changed outside, and whether it still stands',
        tags,
        params: idParams,
        querystring: pageQuery,
        response: { 200: pageOf(effect), ...problemResponse },
      },
    },
    async (request) => await runs.effects(actorOf(request).tenant, request.params.id, request.query),
  );
  app.get(
    '/v1/leaks',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Effects that stand although their run was taken back; the run that ended last first',
        tags,
        querystring: leakQuery,
        response: { 200: pageOf(leak), ...problemResponse },
      },
    },
    async (request) => await runs.leaks(actorOf(request).tenant, request.query),
  );
}
