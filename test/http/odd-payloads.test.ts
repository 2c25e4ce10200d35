// Bodies, keys and topics that nobody sends in earnest: each route refuses them cleanly, and no run is stuck afterwards.
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { REVIEW } from './review-definition.ts';
import { ADMIN_KEY, startTestApp } from './running-app.ts';
import type { RunningApp } from './running-app.ts';

let api: RunningApp;
let runId: string;
let approvalId: string;
beforeAll(async () => {
  api = await startTestApp('http_odd');
  await api.call('/v1/definitions', { body: REVIEW, headers: { 'content-type': 'application/yaml' } });
  const started = await api.call('/v1/runs', { body: { workflow: 'review-a-note', input: { note: 'tides' } } });
  runId = (started.body as { id: string }).id;
  approvalId = await until(
    async () => ((await api.call('/v1/approvals?status=pending')).body as { items: { id: string }[] }).items[0]?.id,
    { what: 'the question' },
  );
});
afterAll(async () => await api.stop());

const deep = `${'['.repeat(100)}${']'.repeat(100)}`;

/** As a member's value. */
const ODD_VALUES = [
  { what: 'a NUL', value: String.raw`"\u0000"` },
  { what: 'half of a surrogate pair', value: String.raw`"\ud800"` },
  { what: 'nesting beyond 64 levels', value: deep },
  { what: 'a reserved key', value: '{"__proto__":{"admin":true}}' },
] as const;

/** Each with a member that takes what a caller likes. */
const ROUTES: readonly { path: () => string; body: (odd: string) => string; takesNone?: boolean }[] = [
  { path: () => '/v1/runs', body: (odd: string) => `{"workflow":"echo","input":{"odd":${odd}}}` },
  { path: () => '/v1/runs', body: (odd: string) => `{"workflow":"echo","input":{},"labels":{"odd":${odd}}}` },
  { takesNone: true, path: () => '/v1/campaigns', body: (odd: string) => `{"campaign_name":${odd}}` },
  { takesNone: true, path: () => `/v1/runs/${runId}/messages/signed`, body: (odd: string) => `{"odd":${odd}}` },
  { takesNone: true, path: () => `/v1/runs/${runId}/cancel`, body: (odd: string) => `{"reason":${odd}}` },
  {
    path: () => `/v1/approvals/${approvalId}/decisions`,
    body: (odd: string) => `{"decision":"approve","edits":{"write.draft":{"odd":${odd}}}}`,
  },
  {
    path: () => `/v1/workflows/${runId}/signals/update_content`,
    body: (odd: string) => `{"content_id":"write.draft","new_content":{"odd":${odd}}}`,
  },
  {
    path: () => '/v1/adapters/memory/execute',
    body: (odd: string) => `{"action":"remember","arguments":{"key":${odd}}}`,
  },
];

const cases = ROUTES.flatMap((route, index) =>
  ODD_VALUES.map(({ what, value }) => ({ what, route: index, body: route.body(value) })),
);

describe('an odd value', () => {
  it.each(cases)('of $what is 422 at route $route', async ({ route, body }) => {
    expect(await api.call(ROUTES[route]!.path(), { body })).toMatchObject({ status: 422, body: { status: 422 } });
  });
});

describe('an odd body', () => {
  const post = async (route: number, body: string): Promise<number> =>
    (await api.call(ROUTES[route]!.path(), { body, headers: { 'content-type': 'application/json' } })).status;
  const routes = ROUTES.map((_, route) => route);

  it.each(routes.filter((route) => !ROUTES[route]!.takesNone))('of nothing is 422 at route %i', async (route) => {
    expect([await post(route, ''), await post(route, '  ')]).toEqual([422, 422]);
  });

  it.each(routes)('over 256 KiB is 413 and one that breaks off is 400 at route %i', async (route) => {
    expect(await post(route, `"${'x'.repeat(256 * 1024)}"`)).toBe(413);
    expect(await post(route, '{"a":')).toBe(400);
  });

  it('of 64 MiB is 413 before it is read, whether or not it says its length', async () => {
    expect(await sendMebibytes(64, { 'content-length': 64 * 1024 * 1024 })).toBe(413);
    expect(await sendMebibytes(64, { 'transfer-encoding': 'chunked' })).toBe(413);
  });
});

describe('an odd key or topic', () => {
  const long = 'k'.repeat(9_000);

  it.each([
    ['/v1/runs', { workflow: 'echo' }],
    ['/v1/campaigns', {}],
    ['/v1/adapters/memory/execute', { action: 'recall', arguments: {} }],
  ])('of 9 KB is 400 as an idempotency key of %s', async (path, body) => {
    const answer = await api.call(path, { body, headers: { 'idempotency-key': long } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  });

  it.each([
    ['of 9 KB', long, 400],
    ['of 201 characters', 't'.repeat(201), 400],
    ['with a NUL', '%00', 400],
    ['with a colon pair, as engine topics are written', '_::review', 404],
    ['that nobody waits for', 'unsigned', 404],
  ])('%s is refused as a topic', async (_, topic, status) => {
    expect(await api.call(`/v1/runs/${runId}/messages/${topic}`, { body: {} })).toMatchObject({ status });
  });
});

describe('after all of them', () => {
  it('the run still waits, can be cancelled, and none is stuck', async () => {
    const { rows } = await api.knex.raw<{ rows: { status: string }[] }>(
      `select status from breakwater.run where status in ('stuck', 'failed')`,
    );
    expect(rows).toEqual([]);
    expect((await api.call(`/v1/runs/${runId}`)).body).toMatchObject({ status: 'waiting' });

    await api.call(`/v1/runs/${runId}/cancel`, { body: {} });
    expect((await api.call(`/v1/runs/${runId}?wait=10s`)).body).toMatchObject({ status: 'cancelled' });
  });
});

/** Sends until it is answered or cut off. */
async function sendMebibytes(count: number, headers: Readonly<Record<string, string | number>>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sending = request(`${api.app.url}/v1/runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', ...headers },
  });
  sending.on('response', (response) => {
    resolve(response.statusCode ?? 0);
    response.resume();
    sending.destroy();
  });
  sending.on('error', reject);
  const mebibyte = Buffer.alloc(1024 * 1024, 'x');
  for (let sent = 0; sent < count && !sending.destroyed; sent += 1) {
    if (!sending.write(mebibyte)) await Promise.race([promise, once(sending, 'drain')]);
  }
  return await promise;
}
