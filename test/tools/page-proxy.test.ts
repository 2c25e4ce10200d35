// The way from a page to the network, spoken to as a browser speaks to it: absolute request lines, and tunnels.
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createOutboundGuard, type OutboundOptions } from '../../src/tools/outbound-guard.ts';
import { openPageProxy } from '../../src/tools/page-proxy.ts';
import { startVendor } from './vendor-server.ts';

async function openProxy(options: OutboundOptions) {
  const counted = { bytes: 0 };
  const proxy = await openPageProxy(createOutboundGuard(options), (count) => (counted.bytes += count));
  return { proxy, counted };
}

async function ask(proxyUrl: string, path: string, { method = 'GET', body = '', headers = {} } = {}) {
  const { hostname, port } = new URL(proxyUrl);
  const asking = request({ hostname, port, path, method, headers });
  asking.end(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve);
    asking.once('error', reject);
  });
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

/** The first line that the proxy answers to CONNECT; none when it hangs up. */
async function dial(proxyUrl: string, authority: string): Promise<{ line: string; socket: Socket }> {
  const { hostname, port } = new URL(proxyUrl);
  const socket = connect(Number(port), hostname);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const first = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  return { line: String(first[0]).split('\r\n')[0] ?? '', socket };
}

describe('openPageProxy', () => {
  it('passes a request on to the checked address under its name, and counts the answer', async () => {
    await using site = await startVendor((response) => response.writeHead(201, { 'x-answer': 'yes' }).end('12345'));
    const { port } = new URL(site.url);
    const { proxy, counted } = await openProxy({
      allow: [`shop.internal:${port}`],
      resolve: async () => ['127.0.0.1'],
    });

    const answer = await ask(proxy.url, `http://shop.internal:${port}/cart?x=1`, {
      method: 'POST',
      body: '{"n":1}',
      headers: { 'proxy-connection': 'keep-alive', cookie: 'a=b' },
    });
    await proxy[Symbol.asyncDispose]();

    expect(answer).toMatchObject({ status: 201, body: '12345', headers: { 'x-answer': 'yes' } });
    expect(counted.bytes).toBe(5);
    expect(site.received).toMatchObject([
      { method: 'POST', path: '/cart?x=1', body: { n: 1 }, headers: { host: `shop.internal:${port}`, cookie: 'a=b' } },
    ]);
    expect(site.received[0]?.headers).not.toHaveProperty('proxy-connection');
  });

  it('connects a tunnel to the checked address and counts what comes back', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const address = echo.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { proxy, counted } = await openProxy({
      allow: [`shop.internal:${port}`],
      resolve: async () => ['127.0.0.1'],
    });

    const { line, socket } = await dial(proxy.url, `shop.internal:${port}`);
    socket.write('hello');
    const [echoed] = await once(socket, 'data');

    expect(line).toBe('HTTP/1.1 200 Connection Established');
    expect(String(echoed)).toBe('hello');
    expect(counted.bytes).toBe(5);

    const hungUp = once(socket, 'close');
    await proxy[Symbol.asyncDispose]();
    await hungUp;
    echo.close();
  });

  it.each(['127.0.0.1:443', 'localhost:80', '[::1]:443', '10.0.0.1:443', '169.254.169.254:80'])(
    'hangs up on a tunnel to %s and says why',
    async (authority) => {
      const { proxy } = await openProxy({});

      const { line } = await dial(proxy.url, authority);
      await proxy[Symbol.asyncDispose]();

      const url = `${authority.endsWith(':80') ? 'http' : 'https'}://${authority}/any/path`;
      expect(line).not.toContain('200');
      expect(proxy.failureAt(url)).toMatchObject({ code: 'OUTBOUND_REFUSED', kind: 'refused' });
    },
  );

  it('hangs up on a tunnel into the sandbox, which speaks plain http', async () => {
    const { proxy } = await openProxy({ sandboxUrl: 'http://127.0.0.1:60001' });

    await dial(proxy.url, 'tidewater.example:443');
    await proxy[Symbol.asyncDispose]();

    expect(proxy.failureAt('https://tidewater.example/')?.message).toContain('http://');
  });

  it('hangs up on a request that may not go out and on one that nobody answers, and says why', async () => {
    const gone = await startVendor(() => {});
    await gone[Symbol.asyncDispose]();
    const { proxy } = await openProxy({ allow: [new URL(gone.url).host] });

    await expect(ask(proxy.url, 'http://127.0.0.1/')).rejects.toThrow('socket hang up');
    await expect(ask(proxy.url, gone.url)).rejects.toThrow('socket hang up');
    await proxy[Symbol.asyncDispose]();

    expect(proxy.failureAt('http://127.0.0.1/x')).toMatchObject({ code: 'OUTBOUND_REFUSED' });
    expect(proxy.failureAt(`${gone.url}/x`)).toMatchObject({ code: 'PLAYWRIGHT_UNREACHABLE', retryable: true });
    expect(proxy.failureAt('http://elsewhere.test/')).toBeUndefined();
  });

  it('ends with every request that is still open', async () => {
    await using site = await startVendor(() => {});
    const { proxy } = await openProxy({ allow: [new URL(site.url).host] });
    const waiting = expect(ask(proxy.url, `${site.url}/hang`)).rejects.toThrow('socket hang up');
    await expect.poll(() => site.received.length).toBe(1);

    await proxy[Symbol.asyncDispose]();

    await waiting;
  });
});
