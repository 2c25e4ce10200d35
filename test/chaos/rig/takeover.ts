// Watches how long the runs of a dead executor stay without a live owner.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { loadOwned, loadOwners } from './app-store.ts';

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 60_000;

export interface Takeover {
  readonly run: string;
  /** From the death of its owner to the next claim, or to its end. */
  readonly ms: number;
  readonly by: string | null;
}

export class TakeoverWatch {
  readonly takeovers: Takeover[] = [];
  /** Runs nobody had taken over when we stopped looking. */
  readonly orphans: string[] = [];
  readonly #database: pg.Pool;
  readonly #patienceMs: number;
  readonly #watches = new Set<Promise<void>>();
  #stopped = false;

  constructor(database: pg.Pool, patienceMs = PATIENCE_MS) {
    this.#database = database;
    this.#patienceMs = patienceMs;
  }

  /** Watches the runs that `executor` owned when it died. How many those are. */
  async follow(executor: string, diedAt: number): Promise<number> {
    const victims = await loadOwned(this.#database, executor);
    const watch = this.#watch(new Set(victims), executor, diedAt).catch(() => undefined);
    this.#watches.add(watch);
    void watch.finally(() => this.#watches.delete(watch));
    return victims.length;
  }

  /** Until every watch has ended by itself. */
  async settle(): Promise<void> {
    await Promise.all(this.#watches);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.settle();
  }

  async #watch(left: Set<string>, dead: string, diedAt: number): Promise<void> {
    while (left.size > 0 && !this.#stopped && Date.now() - diedAt < this.#patienceMs) {
      const owners = await loadOwners(this.#database, [...left]);
      const ms = Date.now() - diedAt;
      for (const { run, state, executor } of owners) {
        if (state === 'ENQUEUED' || state === 'DELAYED' || executor === dead) continue;
        left.delete(run);
        this.takeovers.push({ run, ms, by: executor });
      }
      await delay(LOOK_EVERY_MS);
    }
    if (!this.#stopped) this.orphans.push(...left);
  }
}
