// The pg client under both pools: a watchdog on its socket, a listener for its errors, and every error translated on its way out.
import pg from 'pg';
import { messageOf, type Emit } from '../kernel/index.ts';
import { codeOf } from './error-code.ts';
import { SilenceWatchdog } from './silence-watchdog.ts';

export interface Guard {
  /** How long a query may go without a byte of an answer; 0 for ever. */
  readonly watchdogMs: number;
  /** What the caller gets to see of an error. */
  readonly translate: (error: unknown) => unknown;
  readonly emit: Emit;
}

/** What pg says of a connection that is over, with the code that it leaves out. */
class ConnectionGoneError extends Error {
  readonly code = 'ECONNRESET';

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'ConnectionGoneError';
  }
}

/** A Client class, as pg's pool and knex want one. Errors are translated for promises, callbacks and `error` events alike. */
export function guardedClient(guard: Guard): typeof pg.Client {
  return class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      const watchdog = new SilenceWatchdog(this, guard.watchdogMs);
      const watch = () => watchdog.watch();
      const rest = () => watchdog.rest();
      let failed = false;
      // pg takes no query after an error, though its socket may still be open for a while.
      const outward = (error: unknown) => guard.translate(withCode(error, failed || !this.connection.stream.writable));
      this.on('connect', rest).on('drain', rest).on('end', rest);
      this.on('error', (error) => {
        failed = true;
        guard.emit(lostConnection(error));
      });
      this.query = guardedMethod(this, 'query', watch, outward);
      this.connect = guardedMethod(this, 'connect', watch, outward);
    }

    // pg-pool hands an `error` event of a borrowed client to whoever waits for the query.
    override emit(event: string | symbol, ...args: unknown[]): boolean {
      return super.emit(event, ...(event === 'error' ? args.map(guard.translate) : args));
    }
  };
}

/** The method, overloads and all: `before` runs first, and errors pass through `outward`. */
function guardedMethod<K extends 'query' | 'connect'>(
  client: pg.Client,
  name: K,
  before: () => void,
  outward: (error: unknown) => unknown,
): pg.Client[K] {
  return new Proxy(client[name], {
    apply(target, self, args: unknown[]) {
      before();
      const result: unknown = Reflect.apply(target, self, withTranslatedCallback(args, outward));
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        throw outward(error);
      });
    },
  });
}

function withCode(error: unknown, isOver: boolean): unknown {
  return isOver && codeOf(error) === undefined ? new ConnectionGoneError(error) : error;
}

function withTranslatedCallback(args: unknown[], translate: (error: unknown) => unknown): unknown[] {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return args;
  const translated = (error: unknown, ...rest: unknown[]): unknown =>
    Reflect.apply(callback, undefined, [error ? translate(error) : error, ...rest]);
  return [...args.slice(0, -1), translated];
}

function lostConnection(error: unknown) {
  return {
    level: 'warn',
    name: 'postgres.connection-lost',
    fields: { code: codeOf(error), reason: messageOf(error) },
  } as const;
}
