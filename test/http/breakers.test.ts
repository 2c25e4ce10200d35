// Breakers over HTTP: the list, and an operator's word.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type RunningApp } from './running-app.ts';

let api: RunningApp;
let operator: string;
beforeAll(async () => {
  api = await startTestApp('http_breakers');
  operator = await api.keyFor('olga', ['operator']);
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

function force(service: string, verb: 'open' | 'close', body: unknown) {
  return api.call(`/v1/breakers/${service}/${verb}`, { key: operator, body });
}

describe('GET /v1/breakers', () => {
  it('shows every tool that goes to a service, closed until something fails', async () => {
    const services = (await breakers()).map(({ service }) => service);

    expect(services).toContain('notion');
    expect(services).not.toContain('memory');
    expect(await breaker('notion')).toEqual({ service: 'notion', state: 'closed', failures: 0, transitions: [] });
  });

  it("shows the services that the tenant's definitions name, and no other tenant's", async () => {
    const source = `workflow: { name: billing }
modules: [{ id: a, activities: [{ name: b, tool: http, action: get, with: { url: 'https://b.example/' }, breaker: billing-api }] }]`;
    const headers = { 'content-type': 'application/yaml' };
    await api.call('/v1/definitions', { method: 'POST', body: source, headers });
    const stranger = await api.keyFor('stan', ['operator'], { tenant: 'other' });

    expect(await breaker('billing-api')).toMatchObject({ state: 'closed' });
    expect((await breakers(stranger)).map(({ service }) => service)).not.toContain('billing-api');
    expect((await force('billing-api', 'open', { reason: 'moving', for: '1m' })).status).toBe(200);
    expect((await breakers(stranger)).map(({ service }) => service)).not.toContain('billing-api');
  });
});

describe('POST /v1/breakers/{service}/open', () => {
  it('refuses calls until its time is over, ten minutes unless said otherwise, and is kept in the audit', async () => {
    const { status, body } = await force('slack', 'open', { reason: 'token rotation' });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      service: 'slack',
      state: 'open',
      forced: { by: 'olga', reason: 'token rotation' },
      transitions: [{ from: 'closed', to: 'open', why: 'token rotation', by: 'olga' }],
    });
    const { forced, openedAt } = body as { forced: { until: string }; openedAt: string };
    expect(Date.parse(forced.until) - Date.parse(openedAt)).toBe(600_000);
    expect(await api.knex('breakwater.audit').where({ action: 'breaker.open', subject: 'slack' })).toMatchObject([
      { tenant: 'default', actor: 'olga', data: { reason: 'token rotation', forMs: 600_000 } },
    ]);
  });

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
        forced: { by: 'olga', reason: 'no mistake' },
        transitions: [
          { from: 'open', to: 'closed' },
          { from: 'closed', to: 'open' },
        ],
      },
    });
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
