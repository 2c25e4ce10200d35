import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../support/database.ts';
import { ADMIN_KEY, startTestApp, type Call, type RunningApp } from './running-app.ts';

let api: RunningApp;
const events: { name: string; fields: Readonly<Record<string, unknown>> }[] = [];

beforeAll(async () => {
  api = await startTestApp('http_problems', { emit: (event) => events.push(event) });
});

afterAll(() => api.stop());

function post(body: unknown, call: Call = {}) {
  return api.call('/v1/runs', { method: 'POST', body, ...call });
}

describe('what does not fit', () => {
  it.each([
    ['/v1/runs', { workflow: 7 }, '/workflow', 'must be a text'],
    ['/v1/runs', {}, '/workflow', 'is required'],
    ['/v1/runs', { workflow: 'echo', priority: 'soon' }, '/priority', /^must be one of .*normal/],
    ['/v1/runs', { workflow: 'echo', inptu: {} }, '', 'has no "inptu"'],
    ['/v1/breakers/slack/open', { reason: 'x'.repeat(501) }, '/reason', 'must have at most 500 characters'],
    ['/v1/breakers/slack/open', { reason: ' ' }, '/reason', 'must say why'],
  ])('is told in our words: %s %j', async (path, body, at, message) => {
    const answer = await api.call(path, { body });

    expect(answer.status).toBe(422);
    const told = typeof message === 'string' ? message : expect.stringMatching(message);
    expect((answer.body as { errors: unknown[] }).errors).toContainEqual({ path: at, message: told });
  });
});

describe('a refusal', () => {
  it('is problem+json with every member', async () => {
    const answer = await post({});

    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status: 422, code: 'INVALID', errors: [{ path: '/workflow' }] });
    expect(Object.keys(answer.body as object).toSorted()).toEqual([
      'code',
      'detail',
      'errors',
      'requestId',
      'status',
      'title',
      'type',
    ]);
  });

  it('is 400 for a body that is no JSON', async () => {
    expect(await post('{"workflow":')).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  });

  it('is 422 for a body that is missing', async () => {
    expect(await post(undefined)).toMatchObject({ status: 422, body: { errors: [{ path: '/workflow' }] } });
    expect(await post('')).toMatchObject({ status: 422 });
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/yaml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'nonsense',
  ])('is 415 for %s', async (type) => {
    expect(await post('{}', { headers: { 'content-type': type } })).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });

  it('is 413 for a body over 256 KiB and not for one just under it', async () => {
    const body = (bytes: number) => ({ workflow: 'echo', input: { text: 'x'.repeat(bytes) } });

    expect(await post(body(256 * 1024))).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } });
    expect((await post(body(255 * 1024))).status).toBe(202);
  });

  it('is 413 for a definition over 64 KiB', async () => {
    const answer = await api.call('/v1/definitions', {
      method: 'POST',
      body: 'x'.repeat(65 * 1024),
      headers: { 'content-type': 'application/yaml' },
    });

    expect(answer).toMatchObject({ status: 413 });
  });

  it.each([
    ['a NUL in a value', '{"workflow":"echo","input":{"a":"\\u0000"}}', '/input/a'],
    ['half of a surrogate pair', '{"workflow":"echo","input":{"a":"\\ud800"}}', '/input/a'],
    ['a NUL in a key', '{"workflow":"echo","input":{"\\u0000":1}}', '/input'],
    ['__proto__', '{"workflow":"echo","input":{"__proto__":{"x":1}}}', '/input/__proto__'],
    ['constructor', '{"workflow":"echo","input":{"a":{"constructor":1}}}', '/input/a/constructor'],
  ])('is 422 for %s, naming where', async (_what, body, path) => {
    expect(await post(body)).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  it.each([
    ['/v1/runs/%00', 400],
    ['/v1/definitions/a%00b', 400],
    ['/v1/runs?q=%00', 400],
    ['/v1/runs?label.a%00=1', 400],
    ['/v1/runs/%ff', 400],
    [`/v1/runs/${'x'.repeat(3_000)}`, 400],
  ])('is a problem for %s', async (path, status) => {
    const answer = await api.call(path);

    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code: 'BAD_REQUEST' });
  });

  it('is 422 for what a definition hides behind an escape', async () => {
    const definition = { workflow: { name: 'hidden', description: 'a\u0000b' }, modules: [] };

    const answer = await api.call('/v1/definitions', { method: 'POST', body: definition });

    expect(answer).toMatchObject({ status: 422, body: { code: 'INVALID' } });
  });

  it('is 422 for nesting without end', async () => {
    expect((await post(`{"workflow":"echo","input":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)).status).toBe(422);
  });

  it('is 404 with the nearest path for an unknown route', async () => {
    const answer = await api.call('/v1/campaign');

    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((answer.body as { detail: string }).detail).toContain('"/v1/campaigns"');
  });

  it('is 400 for a query parameter that the route does not have', async () => {
    const { body } = await post({ workflow: 'echo' });
    const { id } = body as { id: string };

    expect(await api.call(`/v1/runs/${id}?waits=3s`)).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    expect(await api.call('/v1/approvals?mien=true')).toMatchObject({ status: 400 });
  });

  it('is 400 for an idempotency key over 200 characters', async () => {
    const answer = await post({ workflow: 'echo' }, { headers: { 'idempotency-key': 'k'.repeat(201) } });

    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: '/idempotency-key' }] } });
  });
});

describe('a defect of ours', () => {
  it('answers 500 without insides and goes to the log under the request id', async () => {
    const { databaseUrl } = api;
    await execute(databaseUrl, 'alter table breakwater.approval rename to hidden');
    const answer = await api.call('/v1/approvals');
    await execute(databaseUrl, 'alter table breakwater.hidden rename to approval');

    const { requestId } = answer.body as { requestId: string };
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    expect(answer.text).not.toMatch(/relation|approval|select/i);
    expect(events).toContainEqual(
      expect.objectContaining({ name: 'http.failed', fields: expect.objectContaining({ requestId }) }),
    );
  });
});

describe('every answer', () => {
  it('carries its request id and may not be sniffed or stored', async () => {
    const { headers } = await api.call('/health', { key: null });

    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('is refused before the body is read when there is no key', async () => {
    const { hostname, port } = new URL(api.app.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({
        hostname,
        port,
        method: 'POST',
        path: '/v1/runs',
        headers: { 'content-type': 'application/json', 'content-length': 1_000 },
      });
      sent.on('response', (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.flushHeaders();
    });

    expect(status).toBe(401);
  });

  it('is announced with its route and never with its path', async () => {
    await api.call('/approve/some-secret-token', { key: null });

    const announced = events.filter((event) => event.name === 'http.request');
    expect(announced.map((event) => event.fields.route)).toContain('/approve/:token');
    expect(JSON.stringify(announced)).not.toContain('some-secret-token');
    expect(JSON.stringify(announced)).not.toContain(ADMIN_KEY);
  });
});
