// The database's time without asking each time (D12): the local clock and how far it is off, measured anew on each heartbeat.
import type { Knex } from 'knex';
import { systemClock, type Clock } from '../kernel/index.ts';
import { loadServerTime } from './server-store.ts';

/** Until the first `measure()` it is the local clock. */
export class DatabaseClock implements Clock {
  readonly #knex: Knex;
  readonly #local: Clock;
  #offsetMs = 0;

  constructor(knex: Knex, local: Clock = systemClock) {
    this.#knex = knex;
    this.#local = local;
  }

  now(): number {
    return Math.round(this.#local.now() + this.#offsetMs);
  }

  /** How far the database is ahead of this machine, in ms; negative when it is behind. */
  get skewMs(): number {
    return this.#offsetMs;
  }

  /** Asks the server once; what the answer took is halved, so the error is at most half a round trip. */
  async measure(): Promise<number> {
    const askedAt = this.#local.now();
    const serverTime = await loadServerTime(this.#knex);
    const answeredAt = this.#local.now();
    this.#offsetMs = serverTime - (askedAt + answeredAt) / 2;
    return this.#offsetMs;
  }
}
