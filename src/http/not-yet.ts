// Routes of the contract whose behaviour is not built yet: refused by name, behind the same keys as what will be there.
import { BreakwaterError } from '../kernel/index.ts';
import type { App } from './app-context.ts';
import { problemResponse } from './problem.ts';
import type { Role } from './role.ts';

const NOT_YET: readonly (readonly ['GET' | 'POST', string, Role])[] = [['GET', '/metrics', 'viewer']];

export function notYetRoutes(app: App): void {
  for (const [method, url, access] of NOT_YET) {
    app.route({
      method,
      url,
      config: { access },
      schema: { summary: 'Not supported yet', tags: ['not supported yet'], response: { ...problemResponse } },
      handler: () => {
        throw new BreakwaterError('NOT_SUPPORTED_YET', `${method} ${url} is not supported yet.`);
      },
    });
  }
}
