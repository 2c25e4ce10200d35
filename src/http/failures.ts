// Failed runs in groups: what fails where, how often, since when.
import { z } from 'zod';
import type { RunHistory } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { instant, pageOf, pageQuery } from './shapes.ts';

const DEFAULT_SINCE_MS = 24 * 3_600_000;

const failureGroup = z
  .object({
    count: z.int(),
    workflow: z.string(),
    node: z.string().optional().describe('Absent where the run failed as a whole.'),
    code: z.string(),
    firstAt: z.string(),
    lastAt: z.string(),
    runs: z.array(z.string()).readonly().describe('Ids of the newest.'),
    message: z.string().describe('Of the newest.'),
    summary: z.string().describe('All of it in words.'),
  })
  .meta({ id: 'FailureGroup' });

const failureQuery = pageQuery.extend({
  since: instant.optional().describe('Default: a day ago.'),
  workflow: z.string().max(200).optional(),
});

export function failureRoute(app: App, { clock }: Services, history: RunHistory): void {
  app.get(
    '/v1/failures',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Runs that failed, or are held or stuck, by workflow, node and code; the largest group first',
        tags: ['history'],
        querystring: failureQuery,
        response: { 200: pageOf(failureGroup), ...problemResponse },
      },
    },
    async (request) => {
      const { since = new Date(clock.now() - DEFAULT_SINCE_MS), workflow, ...page } = request.query;
      return await history.failures(actorOf(request).tenant, { since, workflow, ...page });
    },
  );
}
