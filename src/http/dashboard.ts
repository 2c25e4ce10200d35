// The dashboard: one page for every address that it draws, and its files. It is public and knows nothing; what it shows it asks of the API, with a key.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BreakwaterError } from '../kernel/index.ts';
import type { App, Services } from './app-context.ts';
import { readDashboard, type DashboardFile } from './dashboard-files.ts';

/** What the page draws, each at an address of its own; web/src/pages/index.ts has the same. */
const PAGES = [
  '/',
  '/runs',
  '/runs/:id',
  '/failures',
  '/approvals',
  '/approvals/:id',
  '/definitions',
  '/definitions/:name',
  '/breakers',
  '/executors',
  '/attention',
  '/audit',
] as const;

const PAGE_HEADERS = {
  // Nothing inline, nothing from elsewhere, and no text that becomes markup.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cache-control': 'no-cache',
} as const;

const FOR_A_YEAR = 'public, max-age=31536000, immutable';

const NOT_BUILT =
  'The dashboard is not built. In a clone `npm run build` builds it; the API under /v1 works without it.\n';

export function dashboardRoutes(app: App, { dashboardDir }: Services): void {
  const files = dashboardDir === undefined ? undefined : readDashboard(dashboardDir);
  // Pages are no part of the API that is described.
  const options = { config: { access: 'public' }, schema: { hide: true } } as const;
  for (const path of PAGES) {
    app.get(path, options, async (request, reply) => {
      if (!files) return await reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
      return await send(request, reply.headers(PAGE_HEADERS), files.page);
    });
  }
  app.get<{ Params: { file: string } }>('/assets/:file', options, async (request, reply) => {
    const file = files?.assets.get(request.params.file);
    if (!file) throw new BreakwaterError('NOT_FOUND', `The dashboard has no file "${request.params.file}".`);
    return await send(request, reply.header('cache-control', FOR_A_YEAR), file);
  });
}

async function send(request: FastifyRequest, reply: FastifyReply, file: DashboardFile): Promise<FastifyReply> {
  void reply.type(file.type).header('vary', 'accept-encoding');
  const accepted = request.headers['accept-encoding'] ?? '';
  for (const [encoding, content] of [
    ['br', file.br],
    ['gzip', file.gzip],
  ] as const) {
    if (content && accepts(accepted, encoding)) return await reply.header('content-encoding', encoding).send(content);
  }
  return await reply.send(file.plain);
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((each) => {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim());
    return name.toLowerCase() === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
