// The audit: who did what, to what, when and why.
import { z } from 'zod';
import { decodeCursor, pageLimit, pageOfRows } from '../kernel/index.ts';
import { hideInObject } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { listAudit } from './audit-store.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { instant, json, pageOf, pageQuery } from './shapes.ts';

const trace = z
  .object({
    id: z.string(),
    at: z.string(),
    actor: z.string().describe('The user of the key, or who they were at a terminal.'),
    action: z.string().describe('Such as run.cancel, approval.approve, breaker.open.'),
    subject: z.string().describe('The id or the name of what it was done to.'),
    data: z.record(z.string(), json).describe('Reasons and details.'),
  })
  .meta({ id: 'AuditTrace' });

const auditQuery = pageQuery.extend({
  subject: z.string().max(200).optional(),
  actor: z.string().max(200).optional(),
  action: z.string().max(100).optional().describe('An action, such as run.cancel, or all that begin so: run.'),
  since: instant.optional(),
  until: instant.optional(),
});

const position = z.object({ id: z.string().regex(/^\d{1,18}$/) });

export function auditRoutes(app: App, { knexOf }: Services): void {
  app.get(
    '/v1/audit',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'What people did, newest first',
        tags: ['audit'],
        querystring: auditQuery,
        response: { 200: pageOf(trace), ...problemResponse },
      },
    },
    async (request) => {
      const { tenant } = actorOf(request);
      const { cursor, ...filter } = request.query;
      const limit = pageLimit(filter.limit);
      const before = cursor === undefined ? undefined : decodeCursor(cursor, position).id;
      const rows = await listAudit(knexOf(tenant), tenant, { ...filter, limit: limit + 1, before });
      const page = pageOfRows(rows, limit, ({ id }) => ({ id }));
      return {
        ...page,
        items: page.items.map(({ at, data, ...row }) => ({ ...row, at: at.toISOString(), data: hideInObject(data) })),
      };
    },
  );
}
