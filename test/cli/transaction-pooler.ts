// A pooler in transaction mode, as PgBouncer is one: a client is lent a session of the server for a transaction, then another may have it.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import pg from 'pg';

/** AuthenticationOk and ReadyForQuery: the pooler itself has logged in at the server. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const TERMINATE = 'X'.charCodeAt(0);
const READY_FOR_QUERY = 'Z'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);

export class TransactionPooler {
  readonly #target: string;
  readonly #server: Server;
  readonly #idle: Duplex[] = [];
  readonly #sockets = new Set<Duplex>();

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((client) => this.#serve(client));
  }

  static async start(target: string): Promise<TransactionPooler> {
    const pooler = new TransactionPooler(target);
    pooler.#server.listen(0, '127.0.0.1');
    await once(pooler.#server, 'listening');
    return pooler;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    this.#sockets.add(client.on('error', () => client.destroy()));
    let lent: Promise<Duplex> | undefined;
    const lend = async (): Promise<Duplex> => {
      const session = await this.#take();
      const read = createReader((type, message) => {
        client.write(message);
        if (type !== READY_FOR_QUERY || message.at(-1) !== IDLE) return;
        session.removeAllListeners('data');
        lent = undefined;
        this.#idle.push(session);
      });
      return session.on('data', read);
    };
    client.once('data', () => {
      // Its start-up message; what follows are messages with a type.
      client.write(WELCOME);
      client.on(
        'data',
        createReader((type, message) => {
          if (type === TERMINATE) return client.end();
          lent ??= lend();
          void lent.then((session) => session.write(message));
        }),
      );
    });
  }

  // The one that was used last, as PgBouncer does it.
  async #take(): Promise<Duplex> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const session = new pg.Client(this.#target);
    await session.connect();
    const { stream } = session.connection;
    stream.removeAllListeners('data').removeAllListeners('close').removeAllListeners('end');
    this.#sockets.add(stream);
    return stream;
  }
}

/** Takes bytes as they come and hands on whole messages. */
function createReader(take: (type: number, message: Buffer) => void): (bytes: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (bytes) => {
    held = Buffer.concat([held, bytes]);
    while (held.length >= 5 && held.length > held.readUInt32BE(1)) {
      const end = held.readUInt32BE(1) + 1;
      const message = held.subarray(0, end);
      held = held.subarray(end);
      take(message.readUInt8(0), message);
    }
  };
}
