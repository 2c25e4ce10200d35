// Brings the schema `breakwater` up to date from the numbered files in migrations/, once however many processes start.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import { BreakwaterError, messageOf, silent, type Emit } from '../kernel/index.ts';
import {
  MIGRATION_SCHEMA,
  MIGRATION_TABLE,
  createMigrationSchema,
  loadAppliedMigrations,
  tryLockMigrations,
} from './migration-store.ts';
import { packageRoot } from './package-root.ts';

const FILE_NAME = /^\d{4}_[a-z0-9_]+\.js$/;
const LOCK_POLL_MS = 50;

/** All pending files in one transaction: the schema is the old one or the new one, never between. Returns the files that ran. */
export async function migrate(knex: Knex, emit: Emit = silent, directory = migrationsDirectory()): Promise<string[]> {
  try {
    return await knex.transaction(async (trx) => {
      await lockMigrations(trx);
      await createMigrationSchema(trx);
      await warnIfNewer(trx, directory, emit);
      const applied = await runPending(trx, directory);
      if (applied.length > 0) emit({ level: 'info', name: 'postgres.migrated', fields: { files: applied } });
      return applied;
    });
  } catch (error) {
    throw new BreakwaterError('DATABASE', `The database could not be migrated: ${messageOf(error)}`, { cause: error });
  }
}

/** Files that have not run here, in order. Changes nothing. */
export async function pendingMigrations(knex: Knex, directory = migrationsDirectory()): Promise<string[]> {
  const applied = new Set(await loadAppliedMigrations(knex));
  return (await migrationFiles(directory)).filter((file) => !applied.has(file));
}

/** Files that a newer release has run here. Changes nothing. */
export async function unknownMigrations(knex: Knex, directory = migrationsDirectory()): Promise<string[]> {
  const known = new Set(await migrationFiles(directory));
  return (await loadAppliedMigrations(knex)).filter((file) => !known.has(file));
}

// Polls, because a statement that waits for the lock would look to the watchdog like a dead connection.
async function lockMigrations(trx: Knex.Transaction): Promise<void> {
  while (!(await tryLockMigrations(trx))) await delay(LOCK_POLL_MS);
}

// An older release beside a newer one is normal while a deployment rolls; migrations only ever add.
async function warnIfNewer(trx: Knex.Transaction, directory: string, emit: Emit): Promise<void> {
  const unknown = await unknownMigrations(trx, directory);
  if (unknown.length > 0) emit({ level: 'warn', name: 'postgres.schema-newer', fields: { files: unknown } });
}

async function runPending(trx: Knex.Transaction, directory: string): Promise<string[]> {
  const pending = await pendingMigrations(trx, directory);
  await trx.migrate.latest({
    schemaName: MIGRATION_SCHEMA,
    tableName: MIGRATION_TABLE,
    disableMigrationsListValidation: true,
    migrationSource: {
      getMigrations: () => migrationFiles(directory),
      getMigrationName: (file: string) => file,
      getMigration: (file: string) => import(pathToFileURL(join(directory, file)).href),
    },
  });
  return pending;
}

async function migrationFiles(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((file) => FILE_NAME.test(file)).toSorted();
}

function migrationsDirectory(): string {
  return join(packageRoot(), 'migrations');
}
