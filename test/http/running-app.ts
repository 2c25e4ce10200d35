// The real app on a database of its own, with keys for any user, and requests to it over loopback.
import type { Knex } from 'knex';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Environment } from '../../src/config.ts';
import { createKey } from '../../src/http/index.ts';
import { silent, type Emit } from '../../src/kernel/index.ts';
import { startApp, type App } from '../../src/main.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';

export const ADMIN_KEY = 'admin-key-of-this-test';
export const LINK_KEY = 'link-key-of-this-test';

/** Answers with what it was given. */
const ECHO = `
export const workflows = ['echo', 'marketing-campaign'].map((name) => ({
  name, version: '1.0.0', title: 'Echo',
  checkInput: (input) => (input.refuse ? [{ path: '/refuse', message: 'was asked to be refused' }] : []),
  run: async (saga, input) => ({ echoed: input }),
}));
`;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body parsed; undefined when it is not JSON. */
  readonly body: unknown;
}

export interface Call {
  readonly method?: string;
  /** Null sends none; default: the admin's. */
  readonly key?: string | null;
  /** Anything but a text is sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RunningApp {
  readonly app: App;
  readonly databaseUrl: string;
  /** As the schema's owner. */
  readonly knex: Knex;
  call(path: string, call?: Call): Promise<Answer>;
  /** The text of a new key. */
  keyFor(user: string, roles: readonly string[], over?: { tenant?: string; lifetimeMs?: number }): Promise<string>;
  stop(): Promise<void>;
}

export interface TestAppOptions {
  readonly emit?: Emit;
  /** Over the settings that every test app has. */
  readonly environment?: Environment;
  /** Default: one of its own, of the server's owner. */
  readonly databaseUrl?: string;
}

export async function startTestApp(
  name: string,
  { emit = silent, environment = {}, ...given }: TestAppOptions = {},
): Promise<RunningApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-http-'));
  await writeFile(join(dataDir, 'index.mjs'), ECHO);
  const databaseUrl = given.databaseUrl ?? (await createTestDatabase(name));
  const config = loadConfig({
    DBOS_SYSTEM_DATABASE_URL: databaseUrl,
    PORT: '0',
    BREAKWATER_DATA_DIR: dataDir,
    BREAKWATER_WORKFLOWS_DIR: dataDir,
    BREAKWATER_ADMIN_KEY: ADMIN_KEY,
    BREAKWATER_LINK_KEY: LINK_KEY,
    BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
    BREAKWATER_RATE_LIMIT: 'off',
    ...environment,
  });
  const app = await startApp(config, { emit });
  const knex = createKnex(databaseUrl, { max: 5, name: 'test' });
  return {
    app,
    databaseUrl,
    knex,
    call: (path, call) => send(app.url, path, call),
    keyFor: async (user, roles, { tenant = 'default', lifetimeMs } = {}) =>
      (await createKey(knex, { tenant, user, roles, lifetimeMs }, 'test')).key,
    stop: async () => {
      await app.stop();
      await knex.destroy();
      await rm(dataDir, { recursive: true });
    },
  };
}

async function send(
  url: string,
  path: string,
  { method, key = ADMIN_KEY, body, headers = {} }: Call = {},
): Promise<Answer> {
  const isJson = body !== undefined && typeof body !== 'string';
  const response = await fetch(`${url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: isJson ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
