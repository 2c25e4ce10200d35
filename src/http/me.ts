// Who the key is: what a client needs to offer only what its user may do.
import { z } from 'zod';
import type { App } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';

const me = z
  .object({ user: z.string(), tenant: z.string(), roles: z.array(z.string()).readonly() })
  .meta({ id: 'Me', description: 'Whom the key or token speaks for.' });

export function meRoute(app: App): void {
  app.get(
    '/v1/me',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Whom the key speaks for', tags: ['keys'], response: { 200: me, ...problemResponse } },
    },
    async (request) => actorOf(request),
  );
}
