// A database of its own for a test file, cloned from the migrated template in some 40 ms. All go with the cluster at the end.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** The URL of a new database with both schemas in place. `name` only helps a person who looks into the server. */
export function createTestDatabase(name = 'test'): Promise<string> {
  return createDatabaseFrom('breakwater_template', name);
}

/** The URL of a new database with nothing in it. */
export function createEmptyDatabase(name = 'empty'): Promise<string> {
  return createDatabaseFrom('template1', name);
}

async function createDatabaseFrom(template: string, name: string): Promise<string> {
  const serverUrl = inject('postgresUrl');
  const database = `${name.replaceAll(/[^a-z0-9]/g, '_')}_${randomBytes(6).toString('hex')}`;
  await execute(serverUrl, `create database ${database} template ${template}`);
  return new URL(`/${database}`, serverUrl).href;
}

/** One statement on a connection of its own, past every pool. */
export async function execute(url: string, sql: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}
