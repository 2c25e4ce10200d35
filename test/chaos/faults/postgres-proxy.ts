// A loopback proxy in front of Postgres that understands what passes and fails it the way networks and servers do.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Ambush, type AmbiguousCommitOptions, type AnswerErrorOptions } from './ambush.ts';
import { Carrier, type Flow, type Goodbye } from './carrier.ts';
import { Conversation } from './conversation.ts';
import { Charge, type ArmedFault, type LandedFault } from './landed.ts';
import { noStatements, type StatementCounts } from './statement.ts';

/**
 * `reset` sends a reset to all, old and new; `refuseNew` to new connections alone; `refuse` listens no more and cuts what is open.
 * `blackhole` keeps every connection open, accepts new ones, and lets no byte and no goodbye through; `blackholeOut` only none of
 * the client's, `blackholeIn` only none of the server's. Delays and rates are for each way. What a healed network held, it delivers.
 */
export type Partition =
  | 'reset'
  | 'refuse'
  | 'refuseNew'
  | 'blackhole'
  | 'blackholeOut'
  | 'blackholeIn'
  | { readonly delayMs: number }
  | { readonly bytesPerSecond: number };

/** Both ends of one connection, and what carries between them. */
interface Pair {
  readonly number: number;
  readonly near: Socket;
  readonly far: Socket;
  /** From the client. */
  readonly out: Carrier;
  /** To the client. */
  readonly back: Carrier;
  readonly conversation: Conversation;
}

export class PostgresProxy {
  /** Everything that struck, in order. */
  readonly landed: LandedFault[] = [];
  readonly #target: { readonly host: string; readonly port: number };
  readonly #ambush = new Ambush(this.landed);
  readonly #seen = noStatements();
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;
  #partition: { readonly is: Partition; readonly charge: Charge } | undefined;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  /** In front of the host and port of `url`. */
  static async start(url: string): Promise<PostgresProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new PostgresProxy({ host: hostname, port: Number(port) });
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

  /** Statements that clients have sent so far. */
  get seen(): Readonly<StatementCounts> {
    return { ...this.#seen };
  }

  /** The commit takes effect; its answer never reaches the client, both sides are reset. */
  ambiguousCommit(options?: AmbiguousCommitOptions): ArmedFault {
    return this.#ambush.ambiguousCommit(options);
  }

  /** The statement is not asked of the server; its client is answered with this SQLSTATE, and the transaction is what it would be. */
  answerError(sqlstate: string, options?: AnswerErrorOptions): ArmedFault {
    return this.#ambush.answerError(sqlstate, options);
  }

  /** In force until `heal` or the next one. Lands with the first connection or byte that it strikes. */
  async partition(is: Partition): Promise<ArmedFault> {
    const charge = new Charge(`partition ${nameOf(is)}`, this.landed);
    await this.#enter({ is, charge });
    return charge;
  }

  async heal(): Promise<void> {
    await this.#enter(undefined);
  }

  async close(): Promise<void> {
    this.#cutAll();
    await this.#stopListening();
  }

  async #enter(partition: { is: Partition; charge: Charge } | undefined): Promise<void> {
    this.#partition?.charge.disarm();
    this.#partition = partition;
    for (const pair of this.#pairs) this.#apply(pair);
    if (partition?.is === 'refuse' || partition?.is === 'reset') this.#cutAll();
    if (partition?.is !== 'refuse') return this.#listen();
    await this.#stopListening();
    this.#strike('the port is closed');
  }

  #apply({ number, out, back }: Pair): void {
    const { out: outFlow, back: backFlow } = flowsOf(this.#partition?.is);
    out.set(outFlow, () => this.#strike('what the client sent', number));
    back.set(backFlow, () => this.#strike('what the server sent', number));
  }

  #cutAll(): void {
    for (const pair of this.#pairs) {
      this.#strike('an open connection', pair.number);
      cut(pair);
    }
  }

  #strike(what: string, connection?: number): void {
    const charge = this.#partition?.charge;
    if (charge?.take()) charge.land(what, connection);
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined) return;
    // Half-open, so that a goodbye from one side is ours to pass on or to hold back.
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    await once(server, 'close');
  }

  #accept(near: Socket): void {
    const number = ++this.#accepted;
    const refused = this.#partition?.is === 'refuseNew' || this.#partition?.is === 'reset';
    if (refused) {
      near.resetAndDestroy();
      this.#strike('a new connection', number);
      return;
    }
    const pair = this.#join(number, near);
    this.#pairs.add(pair);
    this.#apply(pair);
    for (const socket of [pair.near, pair.far]) socket.on('close', () => this.#onClose(pair));
  }

  #join(number: number, near: Socket): Pair {
    const far = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    near.setNoDelay();
    const back = new Carrier({ write: (bytes) => write(near, bytes), close: (goodbye) => close(near, goodbye) });
    const ends = {
      toServer: (bytes: Buffer) => write(far, bytes),
      toClient: (bytes: Buffer) => back.carry(bytes),
      cut: () => cut(pair),
      hangUp: () => {
        back.carry('end');
        far.destroy();
      },
    };
    const conversation = new Conversation(number, { ends, ambush: this.#ambush, seen: this.#seen });
    const out = new Carrier({
      write: (bytes) => conversation.fromClient(bytes),
      close: (goodbye) => close(far, goodbye),
    });
    const pair = { number, near, far, out, back, conversation };
    listen(near, { data: (bytes) => out.carry(bytes), goodbye: (goodbye) => out.carry(goodbye) });
    listen(far, { data: (bytes) => conversation.fromServer(bytes), goodbye: (goodbye) => back.carry(goodbye) });
    return pair;
  }

  #onClose(pair: Pair): void {
    if (!pair.near.closed || !pair.far.closed) return;
    pair.conversation.abandon();
    pair.out.discard();
    pair.back.discard();
    this.#pairs.delete(pair);
  }
}

function flowsOf(partition: Partition | undefined): { out: Flow; back: Flow } {
  if (typeof partition === 'object') return { out: partition, back: partition };
  const holdsBoth = partition === 'blackhole';
  return {
    out: holdsBoth || partition === 'blackholeOut' ? 'held' : 'open',
    back: holdsBoth || partition === 'blackholeIn' ? 'held' : 'open',
  };
}

function nameOf(partition: Partition): string {
  if (typeof partition === 'string') return partition;
  return 'delayMs' in partition ? `delay ${partition.delayMs} ms` : `throttle ${partition.bytesPerSecond} B/s`;
}

interface Listener {
  data(bytes: Buffer): void;
  goodbye(goodbye: Goodbye): void;
}

function listen(socket: Socket, { data, goodbye }: Listener): void {
  let ended = false;
  socket.on('data', data);
  socket.on('end', () => {
    ended = true;
    goodbye('end');
  });
  // Whatever the error, the close that follows is passed on.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (!ended) goodbye('reset');
  });
}

function write(socket: Socket, bytes: Buffer): void {
  if (socket.writable) socket.write(bytes);
}

function close(socket: Socket, goodbye: Goodbye): void {
  if (socket.destroyed) return;
  if (goodbye === 'reset') socket.resetAndDestroy();
  else socket.end();
}

function cut({ near, far, out, back }: Pair): void {
  out.discard();
  back.discard();
  for (const socket of [near, far]) if (!socket.destroyed) socket.resetAndDestroy();
}
