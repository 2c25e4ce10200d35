// Is the process alive, and may it be given work?
import { z } from 'zod';
import type { App, Services } from './app-context.ts';
import { problemResponse } from './problem.ts';

const report = z
  .object({
    ready: z.boolean(),
    role: z.enum(['all', 'api', 'worker']).describe('It serves the API, executes runs, or both.'),
    database: z.boolean(),
    migrations: z.boolean().describe('Every migration of this version has run.'),
    lease: z.boolean().describe('This executor holds its lease. An api process has none.'),
    clockSkewMs: z
      .int()
      .describe(
        "How far this machine's clock is ahead of the database's. No deadline depends on it, but over 2 s it wants mending.",
      ),
    sandboxed: z.boolean().describe('Tools without credentials talk to the sandbox.'),
  })
  .meta({ id: 'Readiness' });

export function healthRoutes(app: App, { ready }: Services): void {
  app.get(
    '/health',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Alive',
        tags: ['health'],
        security: [],
        response: { 200: z.object({ status: z.literal('ok') }), ...problemResponse },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/ready',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Ready to be given work',
        tags: ['health'],
        security: [],
        response: { 200: report, 503: report, ...problemResponse },
      },
    },
    async (_request, reply) => {
      const state = await ready();
      return await reply.code(state.ready ? 200 : 503).send(state);
    },
  );
}
