// The only way from a page to the network: a proxy on loopback, one a visit, that asks the outbound guard about every request,
// redirects and sub-resources included, connects to the address that the guard checked, and counts what comes back.
import { once } from 'node:events';
import {
  createServer,
  request as requestHttp,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failure, FailureError, type Failure } from '../kernel/index.ts';
import { failureOfTransport } from './http-failure.ts';
import type { OutboundGuard, OutboundTarget } from './outbound-guard.ts';

export interface PageProxy extends AsyncDisposable {
  readonly url: string;
  /** Why this proxy gave no answer to a request to the address' host. */
  failureAt(url: string): Failure | undefined;
}

/** Remembers an open socket, so that the end of the visit is its end. */
type Keep = <S extends Duplex>(socket: S) => S;

/** `onBytes` is told of every chunk that a page is sent. */
export async function openPageProxy(guard: OutboundGuard, onBytes: (count: number) => void): Promise<PageProxy> {
  const failures = new Map<string, Failure>();
  const open = new Set<Duplex>();
  const keep: Keep = (socket) => {
    open.add(socket);
    return socket.once('close', () => open.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer();
  server.on('connection', keep);
  server.on('request', (asked, answer) => {
    const url = asked.url ?? '';
    forward(guard, asked, answer, onBytes).catch((error: unknown) => {
      // Once an answer has begun the browser sees for itself that it breaks off.
      if (!answer.headersSent) failures.set(hostOf(url), failureOf(url, error));
      asked.socket.destroy();
    });
  });
  server.on('connect', (asked: IncomingMessage, client: Duplex) => {
    const url = tunnelUrl(asked.url ?? '');
    tunnel(guard, url, client, onBytes, keep).catch((error: unknown) => {
      failures.set(hostOf(url), failureOf(url, error));
      client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    failureAt: (url) => failures.get(hostOf(url)),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new TypeError('A server on loopback has a port');
  return address.port;
}

/** Plain HTTP: the whole address is in the request line. */
async function forward(
  guard: OutboundGuard,
  asked: IncomingMessage,
  answer: ServerResponse,
  onBytes: (count: number) => void,
): Promise<void> {
  const target = await guard.check(asked.url ?? '');
  const onward = sendOn(target, asked);
  answer.once('close', () => onward.destroy());
  asked.pipe(onward);
  const reply = await responseOf(onward);
  reply.on('data', (chunk: Buffer) => onBytes(chunk.length));
  answer.writeHead(reply.statusCode ?? 502, endToEnd(reply.headers));
  await pipeline(reply, answer);
}

// The address, not the name: the name may lead elsewhere by now.
function sendOn({ url, address }: OutboundTarget, { method, headers }: IncomingMessage): ClientRequest {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return send({
    host: address,
    port: portIn(url),
    servername: url.hostname,
    method,
    path: `${url.pathname}${url.search}`,
    headers: { ...endToEnd(headers), host: url.host },
    agent: false,
  });
}

async function responseOf(onward: ClientRequest): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    onward.once('response', resolve);
    onward.on('error', reject);
  });
}

const OF_ONE_HOP = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_HOP.test(name)));
}

/** TLS and WebSockets: only host and port can be checked; the browser checks the certificate. */
async function tunnel(
  guard: OutboundGuard,
  url: string,
  client: Duplex,
  onBytes: (count: number) => void,
  keep: Keep,
): Promise<void> {
  const target = await guard.check(url);
  if (target.mappedFrom) throw new FailureError(notTunnelled(url));
  const upstream = keep(connect({ host: target.address, port: portIn(target.url) }));
  await once(upstream, 'connect');
  upstream.on('data', (chunk: Buffer) => onBytes(chunk.length));
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  client.pipe(upstream).once('close', () => client.destroy());
  upstream.pipe(client).once('close', () => upstream.destroy());
}

function notTunnelled(url: string): Failure {
  const message = `${url} is served by the sandbox, which speaks plain http: use http:// in its place`;
  return failure('OUTBOUND_REFUSED', message, { kind: 'refused' });
}

function tunnelUrl(authority: string): string {
  return `${authority.endsWith(':80') ? 'http' : 'https'}://${authority}/`;
}

function portIn(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}

function hostOf(text: string): string {
  const url = URL.parse(text);
  return url ? `${url.hostname}:${portIn(url)}` : text;
}

function failureOf(url: string, error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const { origin = url, pathname = '' } = URL.parse(url) ?? {};
  const asked = { tool: 'playwright', method: 'GET', path: `${origin}${pathname}`, changes: false };
  return (
    failureOfTransport(asked, error) ??
    failure('PLAYWRIGHT_NO_ANSWER', String(error), { kind: 'theirs', retryable: true })
  );
}
