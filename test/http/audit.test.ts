// The audit over HTTP: newest first, by subject, actor, action and time, for operators of its tenant.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type RunningApp } from './running-app.ts';

interface Trace {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_audit');
  await api.knex.raw(
    `insert into breakwater.audit (tenant, actor, action, subject, data, at)
     select 'default', case when n % 2 = 0 then 'ann' else 'bob' end, case when n % 3 = 0 then 'run.cancel' else 'breaker.open' end,
            'subject-' || n % 5, jsonb_build_object('n', n, 'reason', 'because of secret://vendor-key', 'apiKey', 'k'),
            '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute'
       from generate_series(1, 60) n`,
  );
});

afterAll(() => api.stop());

async function read(query: string): Promise<{ items: Trace[]; nextCursor?: string }> {
  const { status, body } = await api.call(`/v1/audit?${query}`);
  expect({ query, status }).toEqual({ query, status: 200 });
  return body as { items: Trace[]; nextCursor?: string };
}

describe('GET /v1/audit', () => {
  it('tells who did what, newest first, in pages without gaps', async () => {
    const first = await read('action=breaker.&limit=15');
    const second = await read(`action=breaker.&limit=200&cursor=${first.nextCursor}`);

    const all = [...first.items, ...second.items];
    expect(all.map(({ data }) => data['n'])).toEqual(
      Array.from({ length: 60 }, (_, index) => 60 - index).filter((n) => n % 3 !== 0),
    );
    expect(first.items[0]).toMatchObject({ actor: 'bob', action: 'breaker.open', subject: 'subject-4' });
    expect(second.nextCursor).toBeUndefined();
  });

  it('is searched by subject, actor, action and time', async () => {
    const { items } = await read('subject=subject-0&actor=ann&action=run.cancel');
    const { items: early } = await read('since=2026-01-01T00:10:00Z&until=2026-01-01T00:12:00Z');

    expect(items.map(({ data }) => data['n'])).toEqual([60, 30]);
    expect(early.map(({ data }) => data['n'])).toEqual([11, 10]);
    expect((await read('action=run')).items).toEqual([]);
  });

  it('shows no reference to a secret, and nothing that is named like one', async () => {
    const { items } = await read('limit=1&actor=ann');

    expect(items[0]?.data).toMatchObject({ reason: 'because of [hidden]', apiKey: '[hidden]' });
  });

  it('is for operators, each in its own tenant', async () => {
    const viewer = await api.keyFor('vera', ['viewer']);
    const other = await api.keyFor('olga', ['operator'], { tenant: 'beta' });

    expect((await api.call('/v1/audit', { key: viewer })).status).toBe(403);
    const { body } = await api.call('/v1/audit', { key: other });
    expect((body as { items: Trace[] }).items.filter(({ actor }) => actor === 'ann' || actor === 'bob')).toEqual([]);
  });

  it('refuses a cursor that no list gave', async () => {
    expect((await api.call('/v1/audit?cursor=bm9uZQ')).status).toBe(400);
  });
});
