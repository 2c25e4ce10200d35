// The sandbox as an HTTP server: the vendors' doubles below their names, its own routes beside them. Keeps all in memory.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { BreakwaterError, type Clock, messageOf, systemClock } from '../src/kernel/index.ts';
import { type ControlDesk, handleControl } from './control.ts';
import { runExchange, send } from './exchange.ts';
import { headersOf, receiveBody } from './receive.ts';
import type { Vendor, VendorRequest } from './vendor.ts';
import { vendors as allVendors } from './vendors/index.ts';
import { createWorld, type World } from './world.ts';

export interface SandboxOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly host?: string;
  readonly vendors?: readonly Vendor[];
  readonly clock?: Clock;
}

export interface Sandbox {
  readonly url: string;
  readonly vendors: readonly string[];
  /** Cuts what is open and frees the port. */
  close(): Promise<void>;
}

/** Listens before it resolves; a taken port is a BreakwaterError PORT_TAKEN. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { port, host = '127.0.0.1', vendors = allVendors, clock = systemClock } = options;
  const server = createServer();
  const url = await listen(server, port, host);
  let world = createWorld(vendors, clock, url);
  const reset = () => {
    world.end();
    world = createWorld(vendors, clock, url);
  };
  server.on('request', (request, response) => {
    // Only a client that leaves in the middle of its request gets here.
    serve({ world: () => world, reset }, request, response).catch(() => response.destroy());
  });
  return { url, vendors: vendors.map(({ name }) => name), close: () => close(server, world) };
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    if (taken)
      throw new BreakwaterError('PORT_TAKEN', `Port ${port} on ${host} is taken; choose another with --port N`, {
        cause,
      });
    throw new BreakwaterError('CONFIG', `Cannot listen on ${host}:${port}: ${messageOf(cause)}`, { cause });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`No TCP address to listen on at ${host}`);
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

async function serve(desk: ControlDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = targetOf(request.url ?? '/');
  const received = await receiveBody(request);
  const asked: VendorRequest = {
    method: request.method ?? 'GET',
    path: target.path,
    query: target.query,
    headers: headersOf(request),
    body: received.state === 'read' ? received.body : undefined,
  };
  const world = desk.world();
  const double = world.doubles.get(target.vendor);
  if (!double) return send(response, handleControl(desk, { ...asked, path: target.full }));
  await runExchange(world, { vendor: target.vendor, double, request: asked, received: received.state, response });
}

/** Splits `/github/repos/acme?x=1` by hand: URL would resolve `..` and refuse `//`, and doubles want the path as it came. */
function targetOf(url: string): { vendor: string; path: string; full: string; query: URLSearchParams } {
  const [full = '/', search = ''] = url.split(/\?(.*)/s);
  const [, vendor = '', ...rest] = full.split('/');
  return { vendor, path: `/${rest.join('/')}`, full, query: new URLSearchParams(search) };
}

async function close(server: Server, world: World): Promise<void> {
  world.end();
  if (!server.listening) return;
  const closed = promisify(server.close.bind(server))();
  server.closeAllConnections();
  await closed;
}
