// The breakers of this process: one for each service that its acts go to, kept like the shared rows by notification and by a look.
import type { Knex } from 'knex';
import { messageOf, silent } from '../kernel/index.ts';
import type { BreakerUse, Clock, Emit, Random } from '../kernel/index.ts';
import { listen } from '../postgres/index.ts';
import { forceOf } from './breaker.ts';
import type { BreakerState } from './breaker.ts';
import { BREAKER_CHANNEL, changeBreaker, loadBreakers } from './breaker-store.ts';
import type { BreakerKey, Change } from './breaker-store.ts';
import type { Leave } from './parked.ts';
import { ServiceBreaker } from './service-breaker.ts';
import type { BreakerParts, Entry } from './service-breaker.ts';

/** Finds what a lost notification would have told, and probes whose executor died. */
const POLL_MS = 5_000;

export interface Breakers {
  /** Asks whether a call may go to its service. An error of our own database is thrown on: it refuses nothing and counts nothing. */
  enter(tenant: string, use: BreakerUse, timeoutMs: number): Entry | Promise<Entry>;
  /** Need an act wait for its service before it takes a slot? */
  isServing(tenant: string, service: string): boolean;
  /** Resolves when an act that waits may try its service, or when `signal` is aborted. What it resolves to is called once the act is over. */
  park(tenant: string, service: string, signal: AbortSignal): Promise<Leave>;
  /** Is it open because calls failed, and not because an operator says so? As this process knows it. */
  isDown(tenant: string, service: string): boolean;
  /** As this process knows it. */
  stateOf(tenant: string, service: string): BreakerState['kind'];
  stop(): Promise<void>;
}

export interface BreakersOptions {
  readonly knex: Knex;
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly random?: Random;
  readonly emit?: Emit;
  /** The executor that this process is, once it is one. */
  readonly holder?: () => string | undefined;
}

/** Resolves once this process knows what the others know. */
export async function openBreakers(options: BreakersOptions): Promise<Breakers> {
  const breakers = new ProcessBreakers(options);
  await breakers.load();
  breakers.watch(options.databaseUrl);
  return breakers;
}

class ProcessBreakers implements Breakers {
  readonly #knex: Knex;
  readonly #emit: Emit;
  readonly #parts: BreakerParts;
  readonly #services = new Map<string, Map<string, ServiceBreaker>>();
  #loading: Promise<void> | undefined;
  #isLoadWanted = false;
  #isStopped = false;
  #stopWatching: () => Promise<void> = async () => undefined;

  constructor({ knex, clock, random = Math.random, emit = silent, holder = () => undefined }: BreakersOptions) {
    this.#knex = knex;
    this.#emit = emit;
    this.#parts = {
      clock,
      random,
      emit,
      holder,
      change: async (key, decide) => await this.#change(key, decide),
      reload: () => this.#loadSoon(),
    };
  }

  enter(tenant: string, use: BreakerUse, timeoutMs: number): Entry | Promise<Entry> {
    return this.#of(tenant, use.service).enter(use, timeoutMs);
  }

  isServing(tenant: string, service: string): boolean {
    return this.#of(tenant, service).isServing;
  }

  async park(tenant: string, service: string, signal: AbortSignal): Promise<Leave> {
    return await this.#of(tenant, service).parked.wait(signal);
  }

  isDown(tenant: string, service: string): boolean {
    const { state } = this.#of(tenant, service);
    return state.kind !== 'closed' && !forceOf(state, this.#parts.clock.now());
  }

  stateOf(tenant: string, service: string): BreakerState['kind'] {
    return this.#of(tenant, service).state.kind;
  }

  async load(): Promise<void> {
    for (const stored of await loadBreakers(this.#knex)) this.#of(stored.tenant, stored.service).adopt(stored);
  }

  watch(databaseUrl: string): void {
    const onNotice = (): void => this.#loadSoon();
    const name = 'breakwater-breakers';
    const listener = listen(databaseUrl, { channel: BREAKER_CHANNEL, name, onNotice, emit: this.#emit });
    const poll = setInterval(onNotice, POLL_MS);
    this.#stopWatching = async () => {
      clearInterval(poll);
      await listener.stop();
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#stopWatching();
    await this.#loading;
    const services = [...this.#services.values()].flatMap((ofTenant) => [...ofTenant.values()]);
    await Promise.all(services.map(async (service) => await service.stop()));
  }

  #of(tenant: string, service: string): ServiceBreaker {
    const ofTenant = this.#services.get(tenant) ?? new Map<string, ServiceBreaker>();
    const known = ofTenant.get(service);
    if (known) return known;
    const breaker = new ServiceBreaker({ tenant, service }, this.#parts);
    this.#services.set(tenant, ofTenant.set(service, breaker));
    return breaker;
  }

  async #change(key: BreakerKey, decide: Parameters<typeof changeBreaker>[2]): Promise<Change> {
    const change = await changeBreaker(this.#knex, key, decide);
    announceChange(this.#emit, change);
    return change;
  }

  // Notifications that come while the rows are read are one further reading.
  #loadSoon(): void {
    if (this.#isStopped) return;
    this.#isLoadWanted = true;
    this.#loading ??= this.#loadWhileWanted().finally(() => {
      this.#loading = undefined;
    });
  }

  async #loadWhileWanted(): Promise<void> {
    while (this.#isLoadWanted) {
      this.#isLoadWanted = false;
      try {
        await this.load();
      } catch (error) {
        this.#emit({ level: 'debug', name: 'breaker.unread', fields: { error: messageOf(error) } });
      }
    }
  }
}

/** Told once in all of the processes: by the one that brought it about. */
export function announceChange(emit: Emit, { before, after }: Change, by?: string): void {
  if (before.state.epoch === after.state.epoch) return;
  const fields = {
    service: after.service,
    from: before.state.kind,
    to: after.state.kind,
    ...(by !== undefined && { by }),
  };
  emit({ level: after.state.kind === 'open' ? 'warn' : 'info', name: 'breaker.changed', fact: true, fields });
}
