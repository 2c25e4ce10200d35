// The routes again, in the process of an app that runs: over as many sessions as a test wants, and with each route as it is registered.
import { createHttpApp, type HttpOptions } from '../../src/http/index.ts';
import { silent } from '../../src/kernel/index.ts';
import { DatabaseClock, createKnex } from '../../src/postgres/index.ts';
import { createCodedWorkflows, createRuns } from '../../src/runs/index.ts';
import { allTools, connectTools, createRegistry } from '../../src/tools/index.ts';
import { LINK_KEY } from '../http/running-app.ts';
import type { TwoTenants } from './two-tenants.ts';

export interface OpenApi {
  readonly url: string;
  /** `METHOD /path/{param}` of every route that is registered. */
  readonly routes: readonly string[];
  /** How long its server waits for the headers of a request, and for all of it. */
  readonly patience: readonly [headersMs: number, requestMs: number];
  readonly connections: number;
  close(): Promise<void>;
}

interface OpenApiOptions {
  readonly sessions?: number;
  /** With slow clients. */
  readonly patience?: HttpOptions['patience'];
}

export async function openApi(
  world: Pick<TwoTenants, 'api' | 'ownerUrl'>,
  { sessions = 5, patience }: OpenApiOptions = {},
): Promise<OpenApi> {
  const knex = createKnex(world.ownerUrl, { max: sessions, name: 'open-api', role: 'breakwater_app' });
  const clock = new DatabaseClock(world.api.knex);
  await clock.measure();
  const tools = allTools({ knex: world.api.knex, clock });
  const registry = createRegistry(tools, connectTools(tools, {}));
  const app = createHttpApp({
    runs: createRuns({ knex, registry, coded: createCodedWorkflows([]), clock }),
    registry,
    knex,
    clock,
    linkKeys: { current: LINK_KEY },
    emit: silent,
    linkBase: () => undefined,
    behindHttps: false,
    role: 'all',
    ...(patience && { patience }),
    metrics: { contentType: 'text/plain', text: async () => '' },
    metricsTenant: 'default',
    ready: async () => await Promise.reject(new Error('nobody asks')),
  });
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push(`${each} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const close = async (): Promise<void> => {
    await app.close();
    await registry.close();
    await knex.destroy();
  };
  const { headersTimeout, requestTimeout, maxConnections: connections } = app.server;
  return { url, routes, patience: [headersTimeout, requestTimeout], connections, close };
}
