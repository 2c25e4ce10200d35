// Everything a chaos run works on: the faulted Postgres, the ledger, the fleet and the load, opened together and closed in reverse.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { PostgresServer } from '../faults/index.ts';
import type { Random } from '../faults/index.ts';
import { Api } from './api.ts';
import type { Disturbance, Figure } from './facts.ts';
import { Fleet } from './fleet.ts';
import { createLedger } from './ledger-store.ts';
import { Load } from './load.ts';
import { TakeoverWatch } from './takeover.ts';

const ADMIN_KEY = 'bw_chaos_admin_key_0123456789abcdef';

export interface Timing {
  readonly leaseTtlMs: number;
  readonly activitySlots: number;
  /** Runs to keep under way at once, and starts in a second. */
  readonly runsUnderWay: number;
  readonly startsPerSecond: number;
}

export interface World extends Timing {
  readonly server: PostgresServer;
  /** Past every proxy, as a role that no fault touches. */
  readonly database: pg.Pool;
  readonly ledger: pg.Pool;
  readonly fleet: Fleet;
  readonly api: Api;
  readonly load: Load;
  readonly random: Random;
  readonly takeovers: TakeoverWatch;
  readonly disturbances: Disturbance[];
  readonly figures: Figure[];
  readonly folder: string;
  /** A line of progress. */
  say(line: string): void;
  close(options: { readonly keepFolder: boolean }): Promise<void>;
}

export interface WorldSettings extends Timing {
  readonly replicas: number;
  readonly random: Random;
  /** Default on. */
  readonly groupCheckpoints?: 'on' | 'off';
  say(line: string): void;
}

export async function openWorld(settings: WorldSettings): Promise<World> {
  const { replicas, random, leaseTtlMs, activitySlots, groupCheckpoints = 'on' } = settings;
  const closing: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) await close();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'breakwater-chaos-'));
    const [server, ledgerServer] = await Promise.all([
      PostgresServer.start({ settings: { max_connections: '150' } }),
      PostgresServer.start({ settings: { max_connections: '250', synchronous_commit: 'off' } }),
    ]);
    closing.push(async () => await Promise.all([server.stop(), ledgerServer.stop()]));
    const database = openPool(server.adminUrl);
    const ledger = openPool(ledgerServer.adminUrl);
    closing.push(async () => await Promise.all([database.end(), ledger.end()]));
    await createLedger(ledger);
    const ledgerUrl = ledgerServer.adminUrl;
    const databaseUrl = server.url;
    const where = { databaseUrl, ledgerUrl, folder, adminKey: ADMIN_KEY };
    const fleet = await Fleet.start({ ...where, replicas, leaseTtlMs, activitySlots, groupCheckpoints, random });
    closing.push(async () => await fleet.close());
    const api = new Api({ adminKey: ADMIN_KEY, anyUrl: () => fleet.anyUrl() });
    const load = new Load({ api, database, random, startsPerSecond: settings.startsPerSecond });
    load.begin();
    closing.push(async () => await load.stop());
    const takeovers = new TakeoverWatch(database);
    closing.push(async () => await takeovers.stop());
    return {
      ...settings,
      server,
      database,
      ledger,
      fleet,
      api,
      load,
      takeovers,
      folder,
      disturbances: [],
      figures: [],
      async close({ keepFolder }) {
        await closeAll();
        if (!keepFolder) await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 4, application_name: 'chaos-rig' });
  // A session that a restart ended: the next question opens another.
  pool.on('error', () => undefined);
  return pool;
}
