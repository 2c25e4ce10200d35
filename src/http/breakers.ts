// Circuit breakers: how each service does, and an operator's word that opens or closes one for a while.
import { z } from 'zod';
import { createBreakerBoard } from '../resilience/index.ts';
import type { BreakerBoard } from '../resilience/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { holdsRole } from './role.ts';
import { durationUpTo, pageOf, pageQuery } from './shapes.ts';

const tags = ['breakers'];
const MAX_FORCE_MS = 24 * 3_600_000;
const DEFAULT_FORCE_MS = 10 * 60_000;

const state = z.enum(['closed', 'open', 'half_open']);

const breaker = z
  .object({
    service: z.string(),
    shared: z.boolean().describe('Of a tool: one for all tenants, which only an admin forces.'),
    state: state.describe('half_open: one call at a time tries whether the service is back.'),
    failures: z.int().describe('In a row.'),
    openedAt: z.string().optional(),
    nextProbeAt: z.string().optional().describe('When one call may try the service.'),
    forced: z
      .object({ by: z.string(), reason: z.string(), until: z.string() })
      .optional()
      .describe('By an operator. Open: everything is refused. Closed: nothing is counted.'),
    transitions: z
      .array(z.object({ from: state, to: state, at: z.string(), why: z.string(), by: z.string().optional() }))
      .readonly()
      .describe('The last ten, newest first.'),
  })
  .meta({ id: 'Breaker' });

const forceBody = z.strictObject({
  reason: z.string().trim().min(1, 'must say why').max(500).describe('Kept in the audit.'),
  for: durationUpTo(MAX_FORCE_MS, '24h').default(DEFAULT_FORCE_MS),
});

export function breakerRoutes(app: App, { knexOf, registry, clock, emit }: Services): void {
  const tools = registry.tools().filter(({ tool }) => !tool.onOwnDatabase);
  const board = createBreakerBoard({ knexOf, tools: tools.map(({ tool }) => tool.name), clock, emit });
  listRoute(app, board);
  forceRoute(app, board, 'open');
  forceRoute(app, board, 'close');
}

function listRoute(app: App, board: BreakerBoard): void {
  app.get(
    '/v1/breakers',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'The breakers of all services',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(breaker), ...problemResponse },
      },
    },
    async (request) => await board.list(actorOf(request).tenant, request.query),
  );
}

const SUMMARIES = {
  open: "Refuse every call of a service for a while (10m unless said otherwise); then one call tries it. A tool's needs the role admin",
  close:
    "Let every call of a service go for a while (10m unless said otherwise), and count from zero afterwards. A tool's needs the role admin",
} as const;

function forceRoute(app: App, board: BreakerBoard, verb: 'open' | 'close'): void {
  app.post(
    `/v1/breakers/:service/${verb}`,
    {
      config: { access: 'operator' },
      schema: {
        summary: SUMMARIES[verb],
        tags,
        params: z.object({ service: z.string().max(100) }),
        body: forceBody,
        response: { 200: breaker, ...problemResponse },
      },
    },
    async (request) => {
      const { reason, for: forMs } = request.body;
      const to = verb === 'open' ? 'open' : 'closed';
      const { tenant, user, roles } = actorOf(request);
      const actor = { tenant, user, isAdmin: holdsRole(roles, 'admin') };
      return await board.force(actor, request.params.service, { to, reason, forMs });
    },
  );
}
