// A vendor that says again, in every way it can, whatever it is told.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export interface TalkativeServer extends AsyncDisposable {
  readonly url: string;
  /** Everything that it was sent, addresses and headers and bodies, one request an item. */
  readonly heard: string[];
}

export async function startTalkative(): Promise<TalkativeServer> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const answer = async () => {
      const said = await saidBy(request);
      heard.push(said);
      const kind = new URL(request.url ?? '/', 'http://x').pathname;
      const status = kind === '/refuse' ? 400 : kind === '/break' ? 500 : 200;
      const headers = { 'x-echo': String(request.headers['x-canary'] ?? 'none'), 'content-type': 'application/json' };
      if (kind === '/text') response.writeHead(status, { ...headers, 'content-type': 'text/plain' }).end(said);
      else response.writeHead(status, headers).end(JSON.stringify({ id: 1, message: said, ...echoesOf(said) }));
    };
    answer().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No TCP address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// Header values are bytes; Node reads them as Latin-1.
async function saidBy(request: IncomingMessage): Promise<string> {
  const address = decodeURIComponent((request.url ?? '').replaceAll('+', ' '));
  return `${address} ${Object.values(request.headers).join(' ')} ${await text(request)}`;
}

function echoesOf(said: string) {
  return {
    parts: said.split(' '),
    [said.slice(0, 400)]: 'as a key',
    base64: said.split(' ').map((part) => Buffer.from(part).toString('base64')),
    basic: Buffer.from(`user:${said}`).toString('base64'),
    url: `https://x.example/?q=${encodeURIComponent(said)}`,
    json: JSON.stringify({ said: JSON.stringify(said) }),
    html: said.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  };
}
