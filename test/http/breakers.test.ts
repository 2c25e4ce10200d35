// Breakers over HTTP: the list, and an operator's word.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type RunningApp } from './running-app.ts';

let api: RunningApp;
let operator: string;
let admin: string;
beforeAll(async () => {
  api = await startTestApp('http_breakers');
  operator = await api.keyFor('olga', ['operator']);
  admin = await api.keyFor('ada', ['admin']);
});
afterAll(async () => await api.stop());

interface Listed {
  readonly service: string;
  readonly [key: string]: unknown;
}

async function breakers(key?: string): Promise<Listed[]> {
  const { body } = await api.call('/v1/breakers', key === undefined ? {} : { key });
  return (body as { items: Listed[] }).items;
}

async function breaker(service: string): Promise<Listed | undefined> {
  return (await breakers()).find((each) => each.service === service);
}

function force(service: string, verb: 'open' | 'close', body: unknown, key = admin) {
  return api.call(`/v1/breakers/${service}/${verb}`, { key, body });
}

describe('GET /v1/breakers', () => {
  it('shows every tool that goes to a service, closed until something fails', async () => {
    const services = (await breakers()).map(({ service }) => service);

    expect(services).toContain('notion');
    expect(services).not.toContain('memory');
    expect(await breaker('notion')).toEqual({
      service: 'notion',
      shared: true,
      state: 'closed',
      failures: 0,
      transitions: [],
    });
  });

  it("shows the services that the tenant's definitions name, and no other tenant's", async () => {
    const source = `workflow: { name: billing }
modules: [{ id: a, activities: [{ name: b, tool: http, action: get, with: { url: 'https://b.example/' }, breaker: billing-api }] }]`;
    const headers = { 'content-type': 'application/yaml' };
    await api.call('/v1/definitions', { method: 'POST', body: source, headers });
    const stranger = await api.keyFor('stan', ['operator'], { tenant: 'other' });

    expect(await breaker('billing-api')).toMatchObject({ shared: false, state: 'closed' });
    expect((await breakers(stranger)).map(({ service }) => service)).not.toContain('billing-api');
    expect((await force('billing-api', 'open', { reason: 'moving', for: '1m' }, operator)).status).toBe(200);
    expect((await breakers(stranger)).map(({ service }) => service)).not.toContain('billing-api');
  });
});

describe('the pages of breakers', () => {
  it('hold each service once, by name', async () => {
    const seen: Listed[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? '?limit=5' : `?limit=5&cursor=${cursor}`;
      const { body } = await api.call(`/v1/breakers${query}`);
      const page = body as { items: Listed[]; nextCursor?: string };
      expect(page.items.length).toBeLessThanOrEqual(5);
      seen.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);

    expect(seen).toEqual(await breakers());
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.map(({ service }) => service)).toEqual(seen.map(({ service }) => service).toSorted());
  });

  it.each(['limit=201', 'limit=0', 'cursor=mine', 'page=2'])('refuses %s', async (query) => {
    expect(await api.call(`/v1/breakers?${query}`)).toMatchObject({ status: 400 });
  });
});

describe('POST /v1/breakers/{service}/open', () => {
  it('refuses calls until its time is over, ten minutes unless said otherwise, and is kept in the audit', async () => {
    const { status, body } = await force('slack', 'open', { reason: 'token rotation' });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      service: 'slack',
      state: 'open',
      forced: { by: 'ada', reason: 'token rotation' },
      transitions: [{ from: 'closed', to: 'open', why: 'token rotation', by: 'ada' }],
    });
    const { forced, openedAt } = body as { forced: { until: string }; openedAt: string };
    expect(Date.parse(forced.until) - Date.parse(openedAt)).toBe(600_000);
    expect(await api.knex('breakwater.audit').where({ action: 'breaker.open', subject: 'slack' })).toMatchObject([
      { tenant: 'default', actor: 'ada', data: { reason: 'token rotation', forMs: 600_000 } },
    ]);
  });

  it.each(['open', 'close'] as const)(
    "needs an admin to %s a tool's breaker, which all tenants share",
    async (verb) => {
      const answer = await force('buffer', verb, { reason: 'mine alone' }, operator);

      expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      expect(answer.body).toMatchObject({ detail: expect.stringContaining('all tenants') });
      expect(answer.body).toMatchObject({ detail: expect.stringContaining('needs the role admin') });
      expect(await breaker('buffer')).toMatchObject({ state: 'closed', transitions: [] });
      expect(await api.knex('breakwater.audit').where({ subject: 'buffer' })).toEqual([]);
    },
  );

  it.each([
    ['no reason', {}],
    ['an empty reason', { reason: ' ' }],
    ['more than a day', { reason: 'x', for: '25h' }],
    ['no duration', { reason: 'x', for: 'soon' }],
    ['an unknown key', { reason: 'x', until: '2030-01-01' }],
  ])('refuses %s', async (_, body) => {
    expect(await force('github', 'open', body)).toMatchObject({ status: 422 });
    expect(await breaker('github')).toMatchObject({ state: 'closed' });
  });

  it('knows the nearest name', async () => {
    expect(await force('githbu', 'open', { reason: 'x' })).toMatchObject({
      status: 404,
      body: { detail: 'No breaker "githbu"; did you mean "github"?' },
    });
  });
});

describe('POST /v1/breakers/{service}/close', () => {
  it('lets calls go', async () => {
    await force('figma', 'open', { reason: 'a mistake' });

    expect(await force('figma', 'close', { reason: 'no mistake', for: '2m' })).toMatchObject({
      status: 200,
      body: {
        state: 'closed',
        forced: { by: 'ada', reason: 'no mistake' },
        transitions: [
          { from: 'open', to: 'closed' },
          { from: 'closed', to: 'open' },
        ],
      },
    });
    const kept = api.knex('breakwater.audit').where({ subject: 'figma' }).orderBy('at');
    expect(await kept).toMatchObject([{ action: 'breaker.open' }, { action: 'breaker.close', actor: 'ada' }]);
  });
});

describe('the plan of a definition', () => {
  it('shows the breakers of the services that it goes to', async () => {
    const source = `workflow: { name: seen }
modules: [{ id: a, activities: [{ name: b, tool: http, action: get, with: { url: 'https://g.example/' }, breaker: { service: grafana, park: true } }] }]`;
    await api.call('/v1/definitions', {
      method: 'POST',
      body: source,
      headers: { 'content-type': 'application/yaml' },
    });
    await force('grafana', 'open', { reason: 'maintenance' });

    const { body } = await api.call('/v1/definitions/seen/plan', { body: {} });

    expect(body).toMatchObject({
      breakers: [{ service: 'grafana', state: 'open' }],
      waves: [[{ id: 'a.b', breaker: { service: 'grafana', park: true } }]],
    });
  });
});
