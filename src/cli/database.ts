// Opens the database for commands that work on it directly, and closes it whatever happens.
import type { Knex } from 'knex';
import type { Config } from '../config.ts';
import { BreakwaterError } from '../kernel/index.ts';
import { createDatabaseIfMissing, createKnex, openEmbeddedCluster, pendingMigrations } from '../postgres/index.ts';

/** The database of the settings, else the embedded cluster of the data directory, started if it does not run. */
export async function withDatabaseUrl<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  if (config.databaseUrl !== undefined) {
    await createDatabaseIfMissing(config.databaseUrl);
    return await work(config.databaseUrl);
  }
  const cluster = await openEmbeddedCluster(config.dataDir);
  try {
    return await work(cluster.url);
  } finally {
    await cluster.stop();
  }
}

export async function withKnex<T>(url: string, work: (knex: Knex) => Promise<T>): Promise<T> {
  const knex = createKnex(url, { max: 2, name: 'breakwater-cli' });
  try {
    return await work(knex);
  } finally {
    await knex.destroy();
  }
}

/** For commands that read or write our tables: they must be there and up to date. */
export async function withTables<T>(config: Config, work: (knex: Knex) => Promise<T>): Promise<T> {
  return await withDatabaseUrl(config, (url) =>
    withKnex(url, async (knex) => {
      const pending = await pendingMigrations(knex);
      if (pending.length > 0)
        throw new BreakwaterError('DATABASE', 'The database is not up to date: run "breakwater migrate".');
      return await work(knex);
    }),
  );
}
