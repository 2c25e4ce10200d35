// Executors: the processes that run runs, with their leases. They belong to no tenant, so an operator may look.
import { z } from 'zod';
import { listExecutors } from '../durable/index.ts';
import { pageOfNamed } from '../kernel/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { countOwnedRuns } from './executor-store.ts';
import { problemResponse } from './problem.ts';
import { pageOf, pageQuery } from './shapes.ts';

const executor = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    role: z.string(),
    version: z.string().describe('Its engine protocol: it takes runs that began under the same one.'),
    startedAt: z.string(),
    lease: z.object({ renewedAt: z.string(), expiresAt: z.string() }),
    running: z.int().describe('Runs it owns, waiting ones included.'),
    slots: z
      .object({ used: z.int(), queued: z.int(), capacity: z.int() })
      .describe('Activities that run, wait for a slot and may run at once, as of its last renewal.'),
    clockSkewMs: z.int().describe("How far its machine's clock is ahead of the database's."),
  })
  .meta({ id: 'Executor' });

export function executorRoutes(app: App, { knexOf }: Services): void {
  app.get(
    '/v1/executors',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Executors that hold a lease',
        tags: ['executors'],
        querystring: pageQuery,
        response: { 200: pageOf(executor), ...problemResponse },
      },
    },
    async (request) => {
      const knex = knexOf(actorOf(request).tenant);
      const [rows, owned] = await Promise.all([listExecutors(knex), countOwnedRuns(knex)]);
      const items = rows.map((row) => ({
        id: row.id,
        host: row.host,
        pid: row.pid,
        role: row.role,
        version: row.protocol,
        startedAt: row.started_at.toISOString(),
        lease: { renewedAt: row.heartbeat_at.toISOString(), expiresAt: row.expires_at.toISOString() },
        running: owned.get(row.id) ?? 0,
        slots: { used: row.slots_used, queued: row.slots_queued, capacity: row.slots_capacity },
        clockSkewMs: row.clock_skew_ms,
      }));
      return pageOfNamed(items, request.query, ({ id }) => id);
    },
  );
}
