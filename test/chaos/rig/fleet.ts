// The replicas together: who is there to be asked, and every end that one of them came to.
import { join } from 'node:path';
import { ClockControl, PostgresProxy } from '../faults/index.ts';
import type { Random } from '../faults/index.ts';
import { Replica } from './replica.ts';
import type { InstanceExit } from './replica.ts';

export interface FleetSettings {
  readonly replicas: number;
  readonly databaseUrl: string;
  readonly ledgerUrl: string;
  readonly folder: string;
  readonly leaseTtlMs: number;
  readonly activitySlots: number;
  readonly groupCheckpoints: 'on' | 'off';
  readonly adminKey: string;
  readonly random: Random;
}

export class Fleet {
  readonly replicas: readonly Replica[];
  readonly exits: InstanceExit[];
  readonly #random: Random;

  private constructor(replicas: readonly Replica[], exits: InstanceExit[], random: Random) {
    this.replicas = replicas;
    this.exits = exits;
    this.#random = random;
  }

  /** All replicas, each behind its own proxy, ready. */
  static async start(settings: FleetSettings): Promise<Fleet> {
    const exits: InstanceExit[] = [];
    const env = environmentOf(settings);
    const replicas: Replica[] = [];
    for (let index = 0; index < settings.replicas; index++) {
      const proxy = await PostgresProxy.start(settings.databaseUrl);
      const clock = await ClockControl.create();
      const { databaseUrl, folder } = settings;
      replicas.push(new Replica({ index, databaseUrl, proxy, clock, env, folder, onExit: (exit) => exits.push(exit) }));
    }
    const fleet = new Fleet(replicas, exits, settings.random);
    // One migrates, the others find it done.
    for (const replica of replicas) {
      replica.start();
      if (replica.index === 0) await replica.ready();
    }
    await Promise.all(replicas.map((replica) => replica.ready()));
    return fleet;
  }

  at(index: number): Replica {
    const replica = this.replicas[index];
    if (!replica) throw new RangeError(`There is no replica ${index}`);
    return replica;
  }

  /** Waits until a replica besides `index` can serve: a fault that takes one away must leave one. */
  async anotherReady(index: number): Promise<void> {
    await Promise.race(this.replicas.filter((replica) => replica.index !== index).map((replica) => replica.ready()));
  }

  /** The address of any replica that listens; it may be paused, or cut off from Postgres. */
  anyUrl(): string | undefined {
    const urls = this.replicas.flatMap(({ url }) => (url === undefined ? [] : [url]));
    return urls.length === 0 ? undefined : this.#random.pick(urls);
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
    for (const { proxy, clock } of this.replicas) {
      await proxy.close();
      await clock.remove();
    }
  }
}

function environmentOf(settings: FleetSettings): Record<string, string> {
  const { ledgerUrl, leaseTtlMs, activitySlots, groupCheckpoints, adminKey } = settings;
  return {
    BREAKWATER_ADMIN_KEY: adminKey,
    BREAKWATER_RATE_LIMIT: 'off',
    BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, '..', 'flows'),
    BREAKWATER_LEASE_TTL: `${leaseTtlMs}ms`,
    BREAKWATER_ACTIVITY_SLOTS: String(activitySlots),
    BREAKWATER_GROUP_CHECKPOINTS: groupCheckpoints,
    CHAOS_LEDGER_URL: ledgerUrl,
  };
}
