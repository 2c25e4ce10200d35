// A database of its own with the durable engine launched on it. What the wall between tenants lets through is asked over HTTP.
import type { Knex } from 'knex';
import { launchDurable } from '../../src/durable/index.ts';
import { silent } from '../../src/kernel/index.ts';
import { createKnex, createPool } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';

export interface DurableDatabase {
  /** Of many tenants, as the engine. */
  readonly app: Knex;
  /** As the schema's owner. */
  readonly owner: Knex;
  stop(): Promise<void>;
}

export async function openDurableDatabase(name: string): Promise<DurableDatabase> {
  const databaseUrl = await createTestDatabase(name);
  const pool = createPool(databaseUrl, { max: 5, name });
  const owner = createKnex(databaseUrl, { max: 5, name });
  const app = createKnex(databaseUrl, { max: 10, name });
  const durable = await launchDurable({
    pool,
    databaseUrl,
    knex: owner,
    leaseKnex: owner,
    role: 'all',
    leaseTtlMs: 30_000,
    emit: silent,
    onStuck: async () => undefined,
    onFatal: (reason) => {
      throw new Error(reason);
    },
  });
  const stop = async () => {
    await durable.stop(0);
    await app.destroy();
    await owner.destroy();
    await pool.end();
  };
  return { app, owner, stop };
}
