import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type RunningApp } from './running-app.ts';

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_runs');
});

afterAll(() => api.stop());

async function start(body: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const answer = await api.call('/v1/runs', { body: { workflow: 'echo', input: { n: 1 }, ...body }, headers });
  return {
    ...answer,
    body: answer.body as { id: string; status: string; workflow: string; version: string; hash: string },
  };
}

describe('POST /v1/runs', () => {
  it('answers 202 with the run and where it is', async () => {
    const { status, body, headers } = await start();

    expect(status).toBe(202);
    expect(body).toMatchObject({ workflow: 'echo', version: '1.0.0' });
    expect(body.id).toMatch(/^run_[0-9a-f-]{36}$/);
    expect(Object.keys(body).toSorted()).toEqual(['hash', 'id', 'status', 'version', 'workflow']);
    expect(headers.get('location')).toBe(`/v1/runs/${body.id}`);
  });

  it('gives the same run for the same key and body, and 409 for another body', async () => {
    const key = { 'idempotency-key': 'once' };

    const first = await start({}, key);
    const again = await start({}, key);
    const other = await start({ input: { n: 2 } }, key);

    expect(again.body.id).toBe(first.body.id);
    expect(again.status).toBe(202);
    expect(other).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  it('starts one run under one key, however many ask at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => await start({}, { 'idempotency-key': 'a herd' })),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it('refuses an input that its workflow refuses, naming the field', async () => {
    const answer = await start({ input: { refuse: true } });

    expect(answer).toMatchObject({ status: 422, body: { code: 'INVALID', errors: [{ path: '/refuse' }] } });
  });

  it('names every member that is missing, unknown or of the wrong type', async () => {
    const answer = await api.call('/v1/runs', { body: { input: {}, priority: 'urgent', workflows: 'echo' } });

    expect(answer.status).toBe(422);
    const { errors } = answer.body as { errors: { path: string; message: string }[] };
    expect(errors.map((error) => error.path)).toEqual(expect.arrayContaining(['/workflow', '/priority']));
    expect(JSON.stringify(errors)).toContain('workflows');
  });

  it('answers 404 with the nearest name for an unknown workflow', async () => {
    const answer = await start({ workflow: 'ecko' });

    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(answer.text).toContain('echo');
  });
});

describe('GET /v1/runs/{id}', () => {
  it('holds the answer until the run is final', async () => {
    const { body } = await start({ input: { hello: 'world' }, labels: { team: 'red' } });

    const answer = await api.call(`/v1/runs/${body.id}?wait=30s`);

    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: body.id,
        status: 'succeeded',
        input: { hello: 'world' },
        output: { echoed: { hello: 'world' } },
        labels: { team: 'red' },
        requester: 'admin',
      },
    });
  });

  it.each(['61s', '2m', 'soon', ''])('refuses wait=%s', async (wait) => {
    const { body } = await start();

    expect(await api.call(`/v1/runs/${body.id}?wait=${wait}`)).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/wait' }] },
    });
  });

  it('answers 404 for another tenant', async () => {
    const { body } = await start();
    const foreign = await api.keyFor('spy', ['admin'], { tenant: 'rival' });

    for (const path of [`/v1/runs/${body.id}`, `/v1/runs/${body.id}/progress`, `/v1/workflows/${body.id}/progress`]) {
      expect(await api.call(path, { key: foreign })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
    expect(await api.call(`/v1/runs/${body.id}/cancel`, { key: foreign, body: {} })).toMatchObject({ status: 404 });
    expect(await api.call('/v1/runs', { key: foreign })).toMatchObject({ body: { items: [] } });
  });
});

describe('GET /v1/runs', () => {
  it('filters by label and pages through all of them once', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) ids.unshift((await start({ labels: { batch: 'seven' } })).body.id);

    const first = await api.call('/v1/runs?label.batch=seven&limit=2');
    const { items, nextCursor } = first.body as { items: { id: string }[]; nextCursor: string };
    const second = await api.call(`/v1/runs?label.batch=seven&limit=2&cursor=${nextCursor}`);
    const rest = second.body as { items: { id: string }[]; nextCursor?: string };

    expect([...items, ...rest.items].map((item) => item.id)).toEqual(ids);
    expect(rest.nextCursor).toBeUndefined();
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'status=done', 'since=yesterday', 'color=red', 'cursor=!!'])(
    'refuses ?%s',
    async (query) => {
      expect(await api.call(`/v1/runs?${query}`)).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    },
  );

  it('asks by workflow, status and time', async () => {
    await start();

    const answer = await api.call('/v1/runs?workflow=echo&since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z');

    expect(answer).toMatchObject({ status: 200, body: { items: [] } });
  });
});

describe('POST /v1/runs/{id}/cancel', () => {
  it('answers 409 once the run is final', async () => {
    const { body } = await start();
    await api.call(`/v1/runs/${body.id}?wait=30s`);

    expect(await api.call(`/v1/runs/${body.id}/cancel`, { method: 'POST' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
  });
});

describe('GET /v1/runs/{id}/progress', () => {
  it('is whole once the run has succeeded', async () => {
    const { body } = await start();
    await api.call(`/v1/runs/${body.id}?wait=30s`);

    expect(await api.call(`/v1/runs/${body.id}/progress`)).toMatchObject({
      status: 200,
      body: { percentage: 100, approvalReceived: false },
    });
  });
});

describe('campaigns', () => {
  it('are runs of marketing-campaign whose input is the body', async () => {
    const started = await api.call('/v1/campaigns', {
      body: { campaign_name: 'Spring' },
      headers: { 'idempotency-key': 'spring' },
    });
    const { id } = started.body as { id: string };

    expect(started).toMatchObject({ status: 202, body: { workflow: 'marketing-campaign' } });
    expect(started.headers.get('location')).toBe(`/v1/campaigns/${id}`);
    expect(await api.call(`/v1/campaigns/${id}?wait=30s`)).toMatchObject({
      status: 200,
      body: { status: 'succeeded', input: { campaign_name: 'Spring' } },
    });
  });

  it('are not found under the id of another workflow', async () => {
    const { body } = await start();

    expect(await api.call(`/v1/campaigns/${body.id}`)).toMatchObject({ status: 404 });
  });
});

describe('GET /v1/executors', () => {
  it('shows this executor with its lease', async () => {
    const { body } = await api.call('/v1/executors');

    const { items } = body as { items: { id: string; lease: { expiresAt: string } }[] };
    expect(items).toMatchObject([{ id: api.app.executorId, pid: process.pid, role: 'all' }]);
    expect(Date.parse(items[0]?.lease.expiresAt ?? '')).toBeGreaterThan(Date.now());
  });
});

describe('GET /ready', () => {
  it('tells without a key that the app may be given work', async () => {
    expect(await api.call('/ready', { key: null })).toMatchObject({
      status: 200,
      body: {
        ready: true,
        database: true,
        migrations: true,
        lease: true,
        clockSkewMs: expect.any(Number),
        sandboxed: false,
      },
    });
  });
});
