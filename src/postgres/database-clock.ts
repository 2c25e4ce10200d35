// The database's time without asking each time (D12): a clock that nobody can set, and how far it is off, measured anew on each heartbeat.
import type { Knex } from 'knex';
import { steadyClock, systemClock, type Clock } from '../kernel/index.ts';
import { loadServerTime } from './server-store.ts';

export interface LocalClocks {
  /** Counts on whatever is done to the machine's clock. */
  readonly steady: Clock;
  /** The machine's own, which may be wrong and may jump. */
  readonly machine: Clock;
}

/** Until the first `measure()` it is the steady clock. */
export class DatabaseClock implements Clock {
  readonly #knex: Knex;
  readonly #clocks: LocalClocks;
  #offsetMs = 0;

  constructor(knex: Knex, clocks: LocalClocks = { steady: steadyClock, machine: systemClock }) {
    this.#knex = knex;
    this.#clocks = clocks;
  }

  now(): number {
    return Math.round(this.#clocks.steady.now() + this.#offsetMs);
  }

  /** How far this machine's clock is ahead of the database's at this instant, in ms; negative when it is behind. */
  get skewMs(): number {
    return this.#clocks.machine.now() - this.#clocks.steady.now() - this.#offsetMs;
  }

  /**
   * Asks the server once. It answered at some instant between question and answer, so what was known stands as far as that
   * does not contradict it: a slow answer moves the clock no more than it must.
   */
  async measure(): Promise<void> {
    const { steady } = this.#clocks;
    const askedAt = steady.now();
    const serverTime = await loadServerTime(this.#knex);
    const answeredAt = steady.now();
    this.#offsetMs = Math.min(Math.max(this.#offsetMs, serverTime - answeredAt), serverTime - askedAt);
  }
}
