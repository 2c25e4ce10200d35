// The real app on a database and a sandbox of its own: definitions go in as YAML, everything is asked over loopback HTTP.
import type { Knex } from 'knex';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config.ts';
import { silent } from '../../../src/kernel/index.ts';
import type { Emit } from '../../../src/kernel/index.ts';
import { startApp } from '../../../src/main.ts';
import type { App } from '../../../src/main.ts';
import { createKnex } from '../../../src/postgres/index.ts';
import { openSandbox } from '../../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../../sandbox/open-sandbox.ts';
import { createTestDatabase } from '../../support/database.ts';
import { Flow } from './flow.ts';

export const ADMIN_KEY = 'bw_test_admin_key_0123456789abcdef';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface LiveApp {
  readonly app: App;
  readonly sandbox: TestSandbox;
  readonly databaseUrl: string;
  /** As the schema's owner. */
  readonly knex: Knex;
  /** A body is sent as JSON. */
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T>>;
  publish(yaml: string): Promise<Answer<unknown>>;
  /** A definition of its own, with files of its own at the vendor: what other tests do does not touch it. */
  flow(): Flow;
  stop(): Promise<void>;
}

/** What a flow needs of an app, in this process or in another. */
export type FlowWorld = Pick<LiveApp, 'sandbox' | 'knex' | 'call' | 'publish'>;

export interface LiveOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly emit?: Emit;
}

export async function startLiveApp(name: string, { env = {}, emit = silent }: LiveOptions = {}): Promise<LiveApp> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-live-'));
  const databaseUrl = await createTestDatabase(name);
  const sandbox = await openSandbox();
  const app = await startApp(
    loadConfig({
      DBOS_SYSTEM_DATABASE_URL: databaseUrl,
      PORT: '0',
      BREAKWATER_DATA_DIR: folder,
      BREAKWATER_WORKFLOWS_DIR: folder,
      BREAKWATER_ADMIN_KEY: ADMIN_KEY,
      BREAKWATER_SANDBOX: sandbox.url,
      BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
      BREAKWATER_RATE_LIMIT: 'off',
      ...env,
    }),
    { emit },
  );
  const knex = createKnex(databaseUrl, { max: 5, name: 'test' });
  let flows = 0;
  const live: LiveApp = {
    app,
    sandbox,
    databaseUrl,
    knex,
    call: async (method, path, body, headers) =>
      await send(`${app.url}${path}`, method, body === undefined ? undefined : JSON.stringify(body), headers),
    publish: async (yaml) =>
      await send(`${app.url}/v1/definitions`, 'POST', yaml, { 'content-type': 'application/yaml' }),
    flow: () => new Flow(live, `flow-${++flows}`),
    async stop() {
      await app.stop();
      await knex.destroy();
      await sandbox[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
  return live;
}

export async function send<T>(
  url: string,
  method: string,
  body?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<T>> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, ...type, ...headers },
    body,
  });
  return { status: response.status, body: (await response.json()) as T };
}
