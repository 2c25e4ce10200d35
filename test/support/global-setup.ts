// Before any test: dist is built, and one embedded Postgres runs with a migrated template database. Afterwards it is gone.
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrateDurableSchema } from '../../src/durable/index.ts';
import {
  createDatabaseIfMissing,
  createKnex,
  createPool,
  migrate,
  openEmbeddedCluster,
  packageRoot,
} from '../../src/postgres/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's `breakwater` database; tests make their own with `createTestDatabase`. */
    postgresUrl: string;
  }
}

const TEMPLATE = 'breakwater_template';

// Nothing here has to survive a crash of the machine.
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  buildDist();
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-test-'));
  await chmod(dataDir, 0o711);
  const cluster = await openEmbeddedCluster(dataDir, { settings });
  const tearDown = async () => {
    await cluster.stop();
    await rm(dataDir, { recursive: true });
  };
  try {
    await createTemplate(cluster.url);
  } catch (error) {
    await tearDown();
    throw error;
  }
  project.provide('postgresUrl', cluster.url);
  return tearDown;
}

// Tests spawn programs from dist. A type error is for `npm run check` to report: the compiler emits all the same.
function buildDist(): void {
  spawnSync(process.execPath, [join(packageRoot(), 'scripts', 'bootstrap.mjs'), 'build'], { stdio: ['ignore', 2, 2] });
}

async function createTemplate(clusterUrl: string): Promise<void> {
  const url = new URL(`/${TEMPLATE}`, clusterUrl).href;
  await createDatabaseIfMissing(url);
  const pool = createPool(url, { max: 4, name: 'test-template' });
  const knex = createKnex(url, { max: 2, name: 'test-template' });
  try {
    await migrateDurableSchema(url, pool, knex);
    await migrate(knex);
  } finally {
    await knex.destroy();
    await pool.end();
  }
}
