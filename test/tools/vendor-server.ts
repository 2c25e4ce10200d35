// A vendor for tests: a real HTTP server on loopback that keeps what it received and answers as the test says.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body, or undefined when there was none. */
  readonly body: unknown;
}

export type Respond = (response: ServerResponse, request: Received) => void;

export interface VendorServer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  readonly connections: number;
}

export async function startVendor(respond: Respond): Promise<VendorServer> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    const answer = async () => {
      const request = await receive(incoming);
      received.push(request);
      respond(response, request);
    };
    answer().catch(() => response.destroy());
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No TCP address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function receive(incoming: IncomingMessage): Promise<Received> {
  const sent = await text(incoming);
  const body: unknown = sent === '' ? undefined : JSON.parse(sent);
  return { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body };
}

export function answerJson(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Respond {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Cuts the connection without an answer; what the vendor did before that is done. */
export const hangUp: Respond = (response) => response.destroy();

/** Promises more than it sends, then cuts the connection. */
export const answerHalf: Respond = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"id":', () => response.destroy());
};

/** Never answers. */
export const stayMute: Respond = () => undefined;
