// `breakwater migrate`: brings both schemas of the database up to date. The app does the same when it starts.
import type { Command } from 'commander';
import { migrateDurableSchema } from '../durable/index.ts';
import { createPool, migrate } from '../postgres/index.ts';
import type { Context } from './command-context.ts';
import { withDatabaseUrl, withKnex } from './database.ts';

export function addMigrate(program: Command, { io, config }: Context): void {
  program
    .command('migrate')
    .description('bring the database up to date')
    .action(async () => {
      const files = await withDatabaseUrl(config(), migrateBoth);
      for (const file of files) io.stdout(`${file}\n`);
      io.stderr(files.length === 0 ? 'The database is up to date.\n' : `${files.length} migrations ran.\n`);
    });
}

async function migrateBoth(url: string): Promise<string[]> {
  const pool = createPool(url, { max: 2, name: 'breakwater-migrate' });
  try {
    return await withKnex(url, async (knex) => {
      await migrateDurableSchema(url, pool, knex);
      return await migrate(knex);
    });
  } finally {
    await pool.end();
  }
}
