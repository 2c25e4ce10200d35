// Builds what a crash test needs and nobody has to install: a Postgres in a folder that goes again, doubles of the vendors, lanes.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKnex, openEmbeddedCluster } from '../postgres/index.ts';
import { Lane } from './lane.ts';
import { World } from './world.ts';

export interface RigOptions {
  readonly lanes: number;
  /** Definitions, and what is written in code beside them. */
  readonly workflowsDir: string;
  /** Of the processes that die, and so how long it takes until another one takes over. */
  readonly leaseTtlMs: number;
  readonly runTimeoutMs: number;
  /** Default on. */
  readonly groupCheckpoints?: 'on' | 'off';
  /** The doubles of the vendors; one for each lane. */
  readonly startSandbox: (port: number) => Promise<{ readonly url: string; close(): Promise<void> }>;
}

export interface Rig {
  readonly lanes: readonly Lane[];
  close(): Promise<void>;
}

// Only processes of ours die here, never Postgres or the machine.
const POSTGRES = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '400' };

/** Opens everything, or nothing. */
export async function openRig(options: RigOptions): Promise<Rig> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'breakwater-crash-'));
    cleanups.push(async () => await rm(folder, { recursive: true, force: true }));
    // Under root Postgres runs as another user, who must get through.
    await chmod(folder, 0o711);
    const cluster = await openEmbeddedCluster(folder, { settings: POSTGRES });
    cleanups.push(async () => await cluster.stop());
    const lanes: Lane[] = [];
    for (let index = 1; index <= options.lanes; index++) {
      const place = { folder: join(folder, `lane-${index}`), url: new URL(`/lane_${index}`, cluster.url).href };
      lanes.push(await openLane(options, place, (cleanup) => cleanups.push(cleanup)));
    }
    return { lanes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLane(
  { startSandbox, workflowsDir, leaseTtlMs, runTimeoutMs, groupCheckpoints = 'on' }: RigOptions,
  { folder, url }: { folder: string; url: string },
  onClose: (cleanup: () => Promise<unknown>) => void,
): Promise<Lane> {
  await mkdir(folder);
  const sandbox = await startSandbox(0);
  onClose(async () => await sandbox.close());
  const knex = createKnex(url, { max: 2, name: 'breakwater-crash-test' });
  onClose(async () => await knex.destroy());
  const adminKey = `bwk_${randomBytes(32).toString('base64url')}`;
  const settings = {
    DBOS_SYSTEM_DATABASE_URL: url,
    PORT: '0',
    LOG_LEVEL: 'warn',
    BREAKWATER_DATA_DIR: folder,
    BREAKWATER_ADMIN_KEY: adminKey,
    BREAKWATER_WORKFLOWS_DIR: workflowsDir,
    BREAKWATER_GROUP_CHECKPOINTS: groupCheckpoints,
    BREAKWATER_SANDBOX: sandbox.url,
    BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
  };
  const lane = new Lane({ world: new World(sandbox.url), knex, settings, adminKey, leaseTtlMs, runTimeoutMs });
  onClose(async () => await lane.close());
  return lane;
}
