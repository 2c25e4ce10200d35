// What Prometheus collects. The figures are of all tenants, so they are for whoever runs the installation.
import { z } from 'zod';
import { BreakwaterError } from '../kernel/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';

export function metricsRoutes(app: App, { metrics, metricsTenant }: Services): void {
  app.get(
    '/metrics',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Metrics of this process and of the database, as Prometheus reads them; for keys of the first tenant',
        tags: ['health'],
        response: { 200: z.string(), ...problemResponse },
      },
    },
    async (request, reply) => {
      if (actorOf(request).tenant !== metricsTenant) {
        const message = `These figures are of all tenants: they are for keys of the tenant "${metricsTenant}".`;
        throw new BreakwaterError('FORBIDDEN', message);
      }
      return await reply.type(metrics.contentType).send(await metrics.text());
    },
  );
}
