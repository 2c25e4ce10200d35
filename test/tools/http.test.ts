// The http tool against real servers on loopback, admitted one by one.
import { describe, expect, it } from 'vitest';
import type { JsonObject, Outcome } from '../../src/kernel/index.ts';
import { createHttp } from '../../src/tools/http.ts';
import { createOutboundGuard } from '../../src/tools/outbound-guard.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { anInvocation } from './an-invocation.ts';
import { KEY } from './sandbox-world.ts';
import {
  answerHalf,
  answerJson,
  hangUp,
  startVendor,
  stayMute,
  type Received,
  type Respond,
  type VendorServer,
} from './vendor-server.ts';

interface Asked {
  readonly action?: 'get' | 'request';
  readonly args: JsonObject;
  readonly timeoutMs?: number;
}

function client(...servers: readonly VendorServer[]) {
  const guard = createOutboundGuard({ allow: servers.map(({ url }) => new URL(url).host) });
  const registry = createRegistry([createHttp(guard)], new Map([['http', { state: 'internal' }]]));
  return async ({ action = 'request', args, timeoutMs = 5_000 }: Asked): Promise<Outcome> =>
    await registry.invoke(anInvocation({ tool: 'http', action, args, timeoutMs }));
}

const answerText =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Respond =>
  (response) =>
    response.writeHead(status, headers).end(text);

/** Answers by path; 404 for every other. */
const byPath =
  (answers: Readonly<Record<string, Respond>>): Respond =>
  (response, request) =>
    (answers[request.path] ?? answerJson(404, {}))(response, request);

describe('get', () => {
  it('reads JSON as JSON, and keeps cookies out of the outcome', async () => {
    const headers = { etag: '"1"', 'set-cookie': 'session=secret' };
    await using server = await startVendor(answerJson(200, { id: 7 }, headers));

    const outcome = await client(server)({ action: 'get', args: { url: `${server.url}/a?b=c` } });

    expect(outcome).toMatchObject({
      ok: true,
      value: { status: 200, url: `${server.url}/a?b=c`, headers: { etag: '"1"' }, body: { id: 7 } },
    });
    expect(outcome).not.toHaveProperty('value.headers.set-cookie');
    expect(server.received).toMatchObject([{ method: 'GET', path: '/a?b=c', body: undefined }]);
    expect(server.received[0]?.headers).not.toHaveProperty('idempotency-key');
  });

  it.each([
    ['text/plain', 'grün', 'grün'],
    ['text/html', '<p>{"a":1}</p>', '<p>{"a":1}</p>'],
    ['application/problem+json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/json', '', null],
    ['application/jsonp', '{"a":1}', '{"a":1}'],
  ])('takes a body of %s %j for %j', async (type, text, body) => {
    await using server = await startVendor(answerText(200, text, { 'content-type': type }));
    expect(await client(server)({ action: 'get', args: { url: server.url } })).toMatchObject({ value: { body } });
  });

  it('sends the headers it is given', async () => {
    await using server = await startVendor(answerJson(200, {}));
    const headers = { Accept: 'text/csv', 'X-Api-Key': 'secret' };

    await client(server)({ action: 'get', args: { url: server.url, headers } });

    expect(server.received[0]?.headers).toMatchObject({
      accept: 'text/csv',
      'x-api-key': 'secret',
      'user-agent': 'breakwater',
    });
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'Proxy-Authorization', 'Idempotency-Key', 'a b', 'a\r\nb'])(
    'refuses the header %j',
    async (name) => {
      await using server = await startVendor(answerJson(200, {}));
      const outcome = await client(server)({ action: 'get', args: { url: server.url, headers: { [name]: 'x' } } });
      expect(outcome).toMatchObject({ error: { code: 'INVALID_ARGUMENTS' } });
      expect(server.connections).toBe(0);
    },
  );

  it('refuses a header that would become two', async () => {
    await using server = await startVendor(answerJson(200, {}));
    const headers = { 'x-a': 'b\r\nhost: elsewhere' };
    expect(await client(server)({ action: 'get', args: { url: server.url, headers } })).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS' },
    });
  });
});

describe('request', () => {
  it.each(['POST', 'PATCH'])('sends JSON by %s under the key of the act', async (method) => {
    await using server = await startVendor(answerJson(201, { id: 1 }));

    const outcome = await client(server)({ args: { method, url: server.url, json: { name: 'Spring' } } });

    expect(outcome).toMatchObject({ ok: true, value: { status: 201, body: { id: 1 } } });
    expect(server.received).toMatchObject([
      { method, body: { name: 'Spring' }, headers: { 'content-type': 'application/json', 'idempotency-key': KEY } },
    ]);
  });

  it.each(['PUT', 'DELETE', 'GET'])('needs no key for %s', async (method) => {
    await using server = await startVendor(answerJson(200, {}));
    await client(server)({ args: { method, url: server.url } });
    expect(server.received[0]).toMatchObject({ method });
    expect(server.received[0]?.headers).not.toHaveProperty('idempotency-key');
  });

  it('sends text under the type it is given', async () => {
    await using server = await startVendor(answerJson(200, {}));
    const headers = { 'Content-Type': 'application/merge-patch+json' };

    await client(server)({ args: { method: 'PATCH', url: server.url, headers, text: '{"a":null}' } });

    expect(server.received).toMatchObject([
      { body: { a: null }, headers: { 'content-type': 'application/merge-patch+json' } },
    ]);
  });

  it('makes one object of a repeat at a server that honours the key', async () => {
    const objects = new Map<string, number>();
    await using server = await startVendor((response, request) => {
      const key = String(request.headers['idempotency-key']);
      const known = objects.has(key);
      if (!known) objects.set(key, objects.size + 1);
      if (known) answerJson(200, { id: objects.get(key) })(response, request);
      else hangUp(response, request);
    });
    const create: Asked = { args: { method: 'POST', url: server.url, json: {} } };

    const first = await client(server)(create);
    const second = await client(server)(create);

    expect(first).toMatchObject({ ok: false, error: { code: 'HTTP_NO_ANSWER', retryable: true, unknown: true } });
    expect(second).toMatchObject({ ok: true, value: { body: { id: 1 } } });
    expect(objects.size).toBe(1);
  });

  it('takes json or text', async () => {
    await using server = await startVendor(answerJson(200, {}));
    expect(await client(server)({ args: { method: 'POST', url: server.url, json: 1, text: '1' } })).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('json or text, not both') },
    });
  });
});

describe('a status', () => {
  it.each([
    [404, 'ours', false, false],
    [429, 'rate_limit', true, false],
    [500, 'theirs', true, true],
  ])('%i is a failure of kind %s', async (status, kind, retryable, unknown) => {
    await using server = await startVendor(answerJson(status, { error: 'No such thing' }, { 'retry-after': '2' }));
    const { host } = new URL(server.url);

    const outcome = await client(server)({ args: { method: 'POST', url: `${server.url}/things?api_key=secret` } });

    expect(outcome).toMatchObject({
      ok: false,
      error: { code: `HTTP_${status}`, kind, retryable, unknown, retryAfterMs: 2_000 },
    });
    expect(outcome).toHaveProperty('error.message', expect.stringContaining(`to POST http://${host}/things`));
    expect(outcome).toHaveProperty('error.message', expect.stringContaining('No such thing'));
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  it('is a success where it was expected', async () => {
    await using server = await startVendor(answerJson(404, { gone: true }));
    expect(await client(server)({ action: 'get', args: { url: server.url, expect: [200, 404] } })).toMatchObject({
      ok: true,
      value: { status: 404, body: { gone: true } },
    });
  });

  it('leaves the effect open where another success was expected', async () => {
    await using server = await startVendor(answerJson(200, {}));
    expect(await client(server)({ args: { method: 'POST', url: server.url, expect: [201] } })).toMatchObject({
      ok: false,
      error: { code: 'HTTP_200', unknown: true },
    });
  });

  it('does not repeat the credentials that a server repeats', async () => {
    await using server = await startVendor(answerJson(401, { message: 'Unknown token tok-12345 of Bearer tok-12345' }));
    const headers = { Authorization: 'Bearer tok-12345' };
    const outcome = await client(server)({ action: 'get', args: { url: server.url, headers } });
    expect(outcome).toHaveProperty('error.message', expect.stringContaining('Unknown token [redacted] of [redacted]'));
  });
});

describe('an answer that is none', () => {
  it.each<[string, Respond, string]>([
    ['cut off', hangUp, 'HTTP_NO_ANSWER'],
    ['cut short', answerHalf, 'HTTP_NO_ANSWER'],
    ['malformed', answerText(200, '{"a":', { 'content-type': 'application/json' }), 'HTTP_MALFORMED'],
    ['a flood', answerText(200, 'x'.repeat(2 * 1024 * 1024)), 'HTTP_TOO_LARGE'],
  ])('because it is %s leaves a POST in doubt and a GET not', async (_, respond, code) => {
    await using server = await startVendor(respond);
    const ask = client(server);

    expect(await ask({ args: { method: 'POST', url: server.url } })).toMatchObject({ error: { code, unknown: true } });
    expect(await ask({ action: 'get', args: { url: server.url } })).toMatchObject({ error: { code, unknown: false } });
  });

  it('ends with the attempt', async () => {
    await using server = await startVendor(stayMute);
    expect(await client(server)({ args: { method: 'POST', url: server.url }, timeoutMs: 200 })).toMatchObject({
      error: { code: 'TIMEOUT', unknown: true },
    });
  });

  it('ends with the attempt while a name is looked up', async () => {
    const guard = createOutboundGuard({ resolve: () => Promise.withResolvers<never>().promise });
    const registry = createRegistry([createHttp(guard)], new Map([['http', { state: 'internal' }]]));
    const outcome = await registry.invoke(
      anInvocation({ tool: 'http', action: 'get', args: { url: 'http://slow.test/' }, timeoutMs: 100 }),
    );
    expect(outcome).toMatchObject({ error: { code: 'TIMEOUT' } });
  });

  it('comes from a port that nobody listens on, and nothing was sent', async () => {
    const server = await startVendor(answerJson(200, {}));
    await server[Symbol.asyncDispose]();
    expect(await client(server)({ args: { method: 'POST', url: server.url } })).toMatchObject({
      error: { code: 'HTTP_UNREACHABLE', retryable: true, unknown: false },
    });
  });
});

describe('a redirect', () => {
  const to = (status: number, location: string): Respond => answerJson(status, {}, { location });
  const credentials = { authorization: 'Bearer secret', cookie: 'a=b', 'x-api-key': 'secret' };
  const namesOf = ({ headers }: Received): string[] => Object.keys(credentials).filter((name) => name in headers);

  it('is a failure unless it was asked for, and says where to', async () => {
    await using server = await startVendor(to(302, '/b?token=secret'));

    const outcome = await client(server)({ action: 'get', args: { url: server.url } });

    expect(outcome).toMatchObject({ ok: false, error: { code: 'HTTP_302', retryable: false } });
    expect(outcome).toHaveProperty(
      'error.message',
      expect.stringContaining(`a redirect to ${server.url}/b; set redirects to follow it (at most 3)`),
    );
    expect(server.received).toHaveLength(1);
  });

  it('is followed three times and no more', async () => {
    await using server = await startVendor(
      byPath({ '/1': to(301, '/2'), '/2': to(302, '3'), '/3': to(308, './4'), '/4': answerJson(200, { at: 4 }) }),
    );
    const ask = client(server);

    expect(await ask({ action: 'get', args: { url: `${server.url}/1`, redirects: 3 } })).toMatchObject({
      ok: true,
      value: { url: `${server.url}/4`, body: { at: 4 } },
    });
    expect(await ask({ action: 'get', args: { url: `${server.url}/1`, redirects: 2 } })).toMatchObject({
      error: { code: 'HTTP_308', message: expect.stringContaining('2 were followed before it') },
    });
    expect(await ask({ action: 'get', args: { url: `${server.url}/1`, redirects: 4 } })).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS' },
    });
  });

  it('takes credentials along within an origin and never out of it', async () => {
    await using other = await startVendor(answerJson(200, {}));
    await using server = await startVendor(byPath({ '/in': to(307, '/out'), '/out': to(307, other.url) }));
    const args = { method: 'POST', url: `${server.url}/in`, headers: credentials, json: { a: 1 }, redirects: 3 };

    expect(await client(server, other)({ args })).toMatchObject({ ok: true });

    expect(server.received.map(namesOf)).toEqual([Object.keys(credentials), Object.keys(credentials)]);
    expect(other.received.map(namesOf)).toEqual([[]]);
    expect(other.received).toMatchObject([{ method: 'POST', body: { a: 1 }, headers: { 'idempotency-key': KEY } }]);
  });

  it('after an act leaves its effect open when the way ends', async () => {
    await using server = await startVendor(
      byPath({ '/act': to(303, '/done'), '/gone': to(303, 'http://169.254.169.254/'), '/done': answerJson(404, {}) }),
    );
    const ask = (path: string) =>
      client(server)({ args: { method: 'POST', url: `${server.url}${path}`, redirects: 1 } });

    expect(await ask('/act')).toMatchObject({ error: { code: 'HTTP_404', unknown: true } });
    expect(await ask('/gone')).toMatchObject({ error: { code: 'OUTBOUND_REFUSED', unknown: true } });
    expect(server.received.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST']);
  });
});
