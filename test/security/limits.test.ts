// Too much of everything, at a real app: too many connections, bytes, levels and nodes are refused, and what was going on goes on.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, type RunningApp } from '../http/running-app.ts';
import { TRIES_ALL } from '../support/whole.ts';
import { openApi } from './open-api.ts';

const SLOW_CONNECTIONS = TRIES_ALL ? 1_000 : 100;
/** What ends a connection that does not bring its headers, and when we look. */
const HEADERS_TIME_OUT_MS = 14_000;

let api: RunningApp;
let operations: readonly (readonly [method: string, path: string])[];
let slow: readonly SlowConnection[];
beforeAll(async () => {
  api = await startTestApp('security_limits', {
    environment: { BREAKWATER_BASE_URL: 'https://breakwater.example' },
  });
  // They are left alone while everything else is tried.
  slow = await Promise.all(Array.from({ length: SLOW_CONNECTIONS }, (_, index) => openSlow(index)));
  operations = await servedOperations();
});
afterAll(async () => {
  for (const { socket } of slow) socket.destroy();
  await api.stop();
});

interface SlowConnection {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly closed: Promise<unknown>;
}

/** Half of a request, or none of it. */
async function openSlow(index: number): Promise<SlowConnection> {
  const { hostname, port } = new URL(api.app.url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  if (index % 2 === 0) socket.write('GET /v1/runs HTTP/1.1\r\nhost: a\r\nx-slow: ');
  return { socket, heard: () => heard, closed };
}

async function servedOperations(): Promise<readonly (readonly [string, string])[]> {
  const { body } = await api.call('/openapi.json');
  const { paths } = body as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'none-such')] as const),
  );
}

/** Bytes as they are, and the status they get; undefined when the connection is closed without one. */
async function sendRaw(text: string): Promise<{ status: number | undefined; answer: string }> {
  const { hostname, port } = new URL(api.app.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.end(text);
  await closed;
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
  return { status: status === undefined ? undefined : Number(status), answer };
}

/** Sends until it is answered or cut off. */
async function sendMebibytes(
  count: number,
  path: string,
  headers: Readonly<Record<string, string | number>>,
): Promise<{ status: number; sent: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sending = request(`${api.app.url}${path}`, { method: 'POST', headers });
  sending.on('response', (response) => {
    resolve(response.statusCode ?? 0);
    response.resume();
    sending.destroy();
  });
  sending.on('error', reject);
  const mebibyte = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  for (; sent < count && !sending.destroyed; sent += 1) {
    if (!sending.write(mebibyte)) await Promise.race([promise, once(sending, 'drain')]);
  }
  return { status: await promise, sent };
}

describe('a body', () => {
  const json = { 'content-type': 'application/json' };

  it.each([
    ['with its length', { 'content-length': 100 * 1024 * 1024 }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('of 100 MiB %s is 413 long before it has come', async (_, framing) => {
    const authorization = `Bearer ${ADMIN_KEY}`;
    const { status, sent } = await sendMebibytes(100, '/v1/runs', { authorization, ...json, ...framing });
    expect(status).toBe(413);
    expect(sent).toBeLessThan(50);
  });

  it('of 100 MiB is not read at all from a stranger', async () => {
    const { status, sent } = await sendMebibytes(100, '/v1/runs', { ...json, 'transfer-encoding': 'chunked' });
    expect(status).toBe(401);
    expect(sent).toBeLessThan(50);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(10 * 1024 * 1024))],
    ['deflate', deflateSync(Buffer.alloc(10 * 1024 * 1024))],
    ['br', brotliCompressSync(Buffer.alloc(1024 * 1024))],
    ['gzip, identity', gzipSync('{}')],
    ['x-unheard-of', Buffer.from('{}')],
  ])('packed as %s is 415, and not unpacked', async (encoding, body) => {
    const response = await fetch(`${api.app.url}/v1/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...json, 'content-encoding': encoding },
      body: new Uint8Array(body),
    });
    expect(response.status).toBe(415);
  });

  it.each([
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/x-www-form-urlencoded',
    'text/json',
  ])('as %s is 415 at every route that takes another', async (type) => {
    const takers = operations.filter(([method, path]) => method === 'POST' && !path.startsWith('/approve/'));
    for (const [method, path] of takers) {
      const { status } = await api.call(path, { method, headers: { 'content-type': type }, body: '--x\r\n\r\n{}' });
      const takesForms = path.startsWith('/v1/slack/');
      expect({ path, refused: status === 415 || takesForms }).toEqual({ path, refused: true });
    }
  });

  it.each([
    ['100,000 open brackets', '['.repeat(100_000), 400],
    ['100,000 levels', `{"workflow":"echo","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 422],
    ['65 levels', `{"workflow":"echo","input":{"a":${'['.repeat(65)}${']'.repeat(65)}}}`, 422],
    ['100,000 levels of maps', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`, 422],
  ])('of %s is refused', async (_, body, status) => {
    const answer = await api.call('/v1/runs', { body, headers: json });
    expect(answer).toMatchObject({ status, body: { status } });
  });
});

describe('a definition', () => {
  const yaml = { 'content-type': 'application/yaml' };
  const dag = (nodes: number): string =>
    `workflow: {name: wide}\nmodules:\n${Array.from({ length: nodes }, (_, index) => `- {id: m${index}, activities: []}\n`).join('')}`;

  it.each([
    ['50,000 nodes', dag(50_000), 413],
    ['65 KiB', `workflow: {name: wide}\n# ${'x'.repeat(65 * 1024)}\n`, 413],
    ['2,000 nodes', dag(2_000), 422],
    ['one node more than values allow, all in one line', `{"modules":[${'0,'.repeat(5_000)}0]}`, 422],
  ])('of %s is refused', async (_, body, status) => {
    for (const path of ['/v1/definitions', '/v1/definitions/validate']) {
      const answer = await api.call(path, { body, headers: yaml });
      expect(answer.status === status || (path.endsWith('validate') && answer.status === 200)).toBe(true);
      expect(answer.text).not.toContain('"valid":true');
    }
  });
});

it('a definition of 33 levels is refused for its depth, in YAML and in JSON', async () => {
  const deep = (levels: number): string =>
    `{"workflow":{"name":"deep"},"modules":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  for (const type of ['application/yaml', 'application/json']) {
    const answer = await api.call('/v1/definitions', { body: deep(33), headers: { 'content-type': type } });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('is nested deeper than 32 levels');
  }
});

describe('a request', () => {
  it.each([
    ['with 20 KB of headers', `GET /health HTTP/1.1\r\nhost: a\r\nx: ${'h'.repeat(20_000)}\r\n\r\n`, 431],
    ['with a path of 20 KB', `GET /${'p'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431],
    ['that is none', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', 400],
    ['with two lengths', 'POST /v1/runs HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}', 400],
    [
      'with a length and chunks',
      'POST /v1/runs HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('%s is refused in the form of everything else', async (_, text, status) => {
    const answered = await sendRaw(text);
    expect(answered.status).toBe(status);
    expect(answered.answer).toContain('content-type: application/problem+json');
    expect(answered.answer).toContain("content-security-policy: default-src 'none'");
  });

  it.each([
    '/v1/runs?limit=201',
    '/v1/runs?limit=1e9',
    '/v1/runs?limit=-1',
    '/v1/runs/run_x?wait=10h',
    '/v1/runs?cursor=x',
  ])('for more than a page or a while is refused: %s', async (path) => {
    expect((await api.call(path)).status).toBe(400);
  });
});

// A stream of events has headers, and no end.
async function headersOf(path: string, method: string, key: string | null): Promise<Headers> {
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  const { headers, body } = await fetch(`${api.app.url}${path}`, { method, headers: authorization });
  await body?.cancel();
  return headers;
}

describe('the headers of an answer', () => {
  const expected = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
    'strict-transport-security': 'max-age=31536000',
  };

  it('are the same on every route, with a key and without', async () => {
    for (const [method, path] of [
      ...operations,
      ['GET', '/none-such'],
      ['GET', '/%zz'],
      ['DELETE', '/v1/runs'],
    ] as const)
      for (const key of [ADMIN_KEY, null]) {
        const headers = await headersOf(path, method, key);
        const policy = headers.get('content-security-policy');

        expect({ path, ...Object.fromEntries(Object.keys(expected).map((name) => [name, headers.get(name)])) }).toEqual(
          {
            path,
            ...expected,
          },
        );
        expect(policy).toMatch(/^default-src 'none'/);
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toMatch(/unsafe|\*/);
        expect(headers.get('access-control-allow-origin')).toBeNull();
        expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull();
      }
  });
});

describe('slow connections', () => {
  it('keep nobody out and are hung up on in time', { timeout: 2 * HEADERS_TIME_OUT_MS }, async () => {
    expect(await api.call('/v1/executors')).toMatchObject({ status: 200 });

    await Promise.all(slow.map(async ({ closed }) => await closed));

    const begun = slow.filter((_, index) => index % 2 === 0);
    expect(begun.filter(({ heard }) => heard().startsWith('HTTP/1.1 408 '))).toHaveLength(begun.length);
    expect(await api.call('/v1/executors')).toMatchObject({ status: 200 });
  });
});

describe('bodies that come a byte at a time', () => {
  const bearer = `authorization: Bearer ${ADMIN_KEY}\r\n`;
  const post = (path: string, more: string) =>
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n${more}\r\n{`;
  const publish = `POST /v1/definitions HTTP/1.1\r\nhost: a\r\ncontent-type: application/yaml\r\ntransfer-encoding: chunked\r\n`;

  it('are waited for as long as a request may take, and others are served', async () => {
    const impatient = await openApi({ ownerUrl: api.databaseUrl, api }, { patience: SHORT });
    const of = (begin: string, more: string): Promise<string>[] =>
      Array.from({ length: 20 }, async () => await trickle(impatient.url, begin, more));
    const slowly = {
      'with a length': of(post('/v1/runs', bearer), ' '),
      'in chunks': of(`${publish}${bearer}\r\n1\r\n#\r\n`, '1\r\n#\r\n'),
      'of a stranger': of(post('/v1/runs', ''), ' '),
    };

    const { status: served } = await fetch(`${impatient.url}/v1/executors`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const told = async (heard: readonly Promise<string>[]): Promise<string[]> => [
      ...new Set((await Promise.all(heard)).map((answer) => answer.slice(9, 12))),
    ];

    expect(served).toBe(200);
    expect(await told(slowly['with a length'])).toEqual(['408']);
    expect(await told(slowly['in chunks'])).toEqual(['408']);
    expect(await told(slowly['of a stranger'])).toEqual(['401']);
    await impatient.close();
  });

  it('are waited for half a minute, headers ten seconds, on 4,000 connections, unless a test says otherwise', async () => {
    const usual = await openApi({ ownerUrl: api.databaseUrl, api });

    expect(usual.patience).toEqual([10_000, 30_000]);
    expect(usual.connections).toBe(4_000);
    await usual.close();
  });
});

const SHORT = { headersMs: 500, requestMs: 1_000, checkEveryMs: 100 } as const;
const TRICKLE_EVERY_MS = 50;

/** Sends on until it is hung up on, and answers what it heard. */
async function trickle(url: string, begin: string, more: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  // Who goes on sending into a closed connection is told so.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(begin);
  const sending = setInterval(() => socket.write(more), TRICKLE_EVERY_MS);
  await closed;
  clearInterval(sending);
  return heard;
}
