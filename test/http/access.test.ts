import fastify from 'fastify';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installAuthentication } from '../../src/http/authentication.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { ROUTES } from '../security/route-table.ts';
import { ADMIN_KEY, startTestApp, type RunningApp } from './running-app.ts';

const ROLES = ['viewer', 'author', 'starter', 'approver', 'operator', 'admin', 'marketing-lead'] as const;

let api: RunningApp;
const keys = new Map<string, string>();

beforeAll(async () => {
  api = await startTestApp('http_access');
  for (const role of ROLES) keys.set(role, await api.keyFor(`a-${role}`, [role]));
});

afterAll(() => api.stop());

function perform(operation: string, key: string | null) {
  const [method = '', template = ''] = operation.split(' ');
  const path = template.replaceAll(/\{\w+\}/g, 'none-such');
  if (operation === STREAM) return begin(path, key);
  return api.call(path, { method, key, ...(method === 'POST' ? { body: {} } : {}) });
}

/** What it answers has no end. */
const STREAM = 'GET /v1/events';

async function begin(path: string, key: string | null): Promise<{ status: number; body: unknown }> {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${api.app.url}${path}`, { headers });
  if (!response.ok) return { status: response.status, body: await response.json() };
  await response.body?.cancel();
  return { status: response.status, body: undefined };
}

/** The dashboard's pages and files are no operations of the API. */
const isPage = (operation: string): boolean =>
  /^GET \/(?!v1\/|health$|ready$|metrics$|openapi\.json$|approve\/)/.test(operation);

describe('every route', () => {
  it('is in the table above, and nothing else is served', async () => {
    const { body } = await api.call('/openapi.json');
    const { paths } = body as { paths: Record<string, Record<string, unknown>> };

    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );

    const described = Object.keys(ROUTES).filter((operation) => !isPage(operation));
    expect(served.toSorted()).toEqual(described.toSorted());
  });

  it.each(Object.keys(ROUTES).filter((operation) => ROUTES[operation] !== 'public'))(
    '%s needs a live key',
    async (operation) => {
      const expired = await api.keyFor('late', ['admin'], { lifetimeMs: -1_000 });

      for (const key of [null, 'bwk_unknown', expired]) {
        expect(await perform(operation, key)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
      }
    },
  );

  it.each(Object.entries(ROUTES).filter(([, access]) => access !== 'public'))(
    '%s is for %s',
    async (operation, access) => {
      for (const role of ROLES) {
        const { status, body } = await perform(operation, keys.get(role) ?? '');
        // A role of one's own makes an approver.
        const held = role === 'marketing-lead' ? 'approver' : role;
        const allowed = held === 'admin' || access.split(' or ').includes(held) || access === 'any';
        const refused = status === 403 && (body as { detail: string }).detail.startsWith('This needs the role');
        expect({ role, refused }).toEqual({ role, refused: !allowed });
      }
    },
  );

  it.each(Object.entries(ROUTES).filter(([, access]) => access === 'public'))(
    '%s is open to all',
    async (operation) => {
      expect((await perform(operation, null)).status).not.toBe(401);
    },
  );
});

it('is refused to a route that declares no access: the app does not start with it', async () => {
  const bare = fastify();
  const doors = { knex: api.knex, rateLimit: createRateLimit(undefined) };
  installAuthentication(bare, doors);

  expect(() => bare.get('/open', () => 'to all')).toThrow('GET /open declares no access');
  await bare.close();
});

describe('a key', () => {
  it('is refused from the moment it is revoked', async () => {
    const key = await api.keyFor('gone', ['viewer']);
    expect((await api.call('/v1/runs', { key })).status).toBe(200);

    await api.knex
      .withSchema('breakwater')
      .table('api_key')
      .where({ user_name: 'gone' })
      .update({ revoked_at: new Date() });

    expect((await api.call('/v1/runs', { key })).status).toBe(401);
  });

  it('is stored as a hash, and its use is noted once', async () => {
    const key = await api.keyFor('busy', ['viewer']);
    const row = () =>
      api.knex.withSchema('breakwater').table('api_key').first<Record<string, unknown>>().where({ user_name: 'busy' });
    expect((await row()).last_used_at).toBeNull();

    await api.call('/v1/runs', { key });
    const first = (await row()).last_used_at;
    await api.call('/v1/runs', { key });

    expect(first).toBeInstanceOf(Date);
    expect((await row()).last_used_at).toEqual(first);
    expect(JSON.stringify(await row())).not.toContain(key);
  });

  it.each([`Basic ${ADMIN_KEY}`, ADMIN_KEY, 'Bearer', `Bearer  ${ADMIN_KEY}`, `Bearer ${'x'.repeat(2_000)}`])(
    'is not read from "%s"',
    async (authorization) => {
      const answer = await api.call('/v1/runs', { key: null, headers: { authorization } });

      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    },
  );
});

describe('a path trick', () => {
  const tricks = [
    '/v1/runs/',
    '//v1/runs',
    '/V1/runs',
    '/v1/runs;x',
    '/v1/%72uns%00',
    '/v1/health/../runs',
    '/health/../v1/runs',
    '/v1/./runs',
    '/health%2f..%2fv1%2fruns',
  ];

  it.each(tricks)('%s without a key reaches nothing', async (path) => {
    expect([400, 401, 404]).toContain(await statusOfRawPath(path));
  });

  it('with a method override reaches only what its real method reaches', async () => {
    const key = keys.get('viewer') ?? '';

    const answer = await api.call('/v1/runs', { key, headers: { 'x-http-method-override': 'POST' } });

    expect(answer.status).toBe(200);
    expect(answer.body).toHaveProperty('items');
  });
});

// fetch would tidy the path up before it is sent.
function statusOfRawPath(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(api.app.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
