// A loopback TCP proxy in front of Postgres, or of anything, that can fail the way networks do.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * `pass` carries bytes; `refuse` listens no more and cuts what is open; `reset` sends a reset to all, old and new;
 * `blackhole` keeps every connection open, accepts new ones, and lets no byte and no goodbye through until the mode changes.
 */
export type ProxyMode = 'pass' | 'refuse' | 'reset' | 'blackhole';

/** Both ends of one connection through the proxy. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export class TcpProxy {
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<Pair>();
  #server: Server;
  #port = 0;
  #mode: ProxyMode = 'pass';

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = this.#createServer();
  }

  /** In front of the host and port of `url`. */
  static async start(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) });
    await proxy.#listen();
    return proxy;
  }

  /** The same URL by way of the proxy. */
  through(url: string): string {
    const proxied = new URL(url);
    proxied.hostname = '127.0.0.1';
    proxied.port = String(this.#port);
    return proxied.href;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  async setMode(mode: ProxyMode): Promise<void> {
    const before = this.#mode;
    this.#mode = mode;
    if (before === 'refuse' && mode !== 'refuse') await this.#listen();
    if (mode === 'refuse') await this.#close();
    for (const pair of this.#pairs) this.#apply(pair);
  }

  async close(): Promise<void> {
    if (this.#mode !== 'refuse') await this.#close();
    this.#mode = 'refuse';
  }

  async #listen(): Promise<void> {
    this.#server = this.#createServer();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  async #close(): Promise<void> {
    this.#server.close();
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    await once(this.#server, 'close');
  }

  // Half-open, so that a goodbye from one side is ours to pass on or to swallow.
  #createServer(): Server {
    return createServer({ allowHalfOpen: true }, (near) => {
      const pair = { near, far: connect({ ...this.#target, allowHalfOpen: true }) };
      this.#pairs.add(pair);
      for (const socket of [pair.near, pair.far]) {
        socket.on('error', () => socket.destroy());
        socket.on('close', () => this.#onClose(pair));
      }
      this.#apply(pair);
    });
  }

  #apply(pair: Pair): void {
    const { near, far } = pair;
    if (this.#mode === 'reset') {
      near.resetAndDestroy();
      far.resetAndDestroy();
    } else if (this.#mode === 'blackhole') {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    } else if (this.#mode === 'pass') {
      near.pipe(far);
      far.pipe(near);
      this.#onClose(pair);
    }
  }

  #onClose(pair: Pair): void {
    if (this.#mode === 'blackhole' || !(pair.near.destroyed || pair.far.destroyed)) return;
    pair.near.destroy();
    pair.far.destroy();
    this.#pairs.delete(pair);
  }
}
