// Gives up a connection whose query gets no byte of an answer. Touches the client's own socket and nothing else.
import { Socket } from 'node:net';
import type { Client } from 'pg';

const TICKS = 4;

/** Why a query failed although neither side closed the connection. The code makes DBOS and pg treat it as a lost one. */
class SilentConnectionError extends Error {
  readonly code = 'ECONNRESET';

  constructor(silenceMs: number) {
    super(`Postgres has not sent a byte for ${silenceMs} ms; the connection was given up`);
    this.name = 'SilentConnectionError';
  }
}

/**
 * `pg` waits for ever on a peer that vanished without a reset, and its own `query_timeout` is not retried by DBOS.
 * Silence is counted in ticks, not by the clock: a process that was itself suspended reads what has arrived before the next tick.
 */
export class SilenceWatchdog {
  readonly #client: Client;
  readonly #silenceMs: number;
  #timer: NodeJS.Timeout | undefined;
  #bytesHeard = 0;
  #silentTicks = 0;

  /** `silenceMs` 0 never gives up. */
  constructor(client: Client, silenceMs: number) {
    this.#client = client;
    this.#silenceMs = silenceMs;
  }

  /** An answer is due from now on. */
  watch(): void {
    if (this.#timer !== undefined || this.#silenceMs === 0) return;
    this.#bytesHeard = this.#bytesRead();
    this.#silentTicks = 0;
    this.#timer = setInterval(() => this.#tick(), this.#silenceMs / TICKS);
    this.#timer.unref();
  }

  /** Nothing is due: silence, as on an idle LISTEN connection, means nothing. */
  rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const bytesRead = this.#bytesRead();
    this.#silentTicks = bytesRead === this.#bytesHeard ? this.#silentTicks + 1 : 0;
    this.#bytesHeard = bytesRead;
    if (this.#silentTicks < TICKS) return;
    this.rest();
    this.#client.connection.stream.destroy(new SilentConnectionError(this.#silenceMs));
  }

  #bytesRead(): number {
    const { stream } = this.#client.connection;
    return stream instanceof Socket ? stream.bytesRead : 0;
  }
}
