// The bookkeeping of migrations in schema `breakwater`, and the lock that lets one process migrate at a time.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRow } from './rows.ts';

export const MIGRATION_SCHEMA = 'breakwater';
export const MIGRATION_TABLE = 'migration';

// Any constant does, as long as nobody else in the database uses it for another purpose.
const LOCK_KEY = 7_321_918_401;

/** Held until the transaction ends, so a killed process leaves no lock behind. False while another process has it. */
export async function tryLockMigrations(trx: Knex.Transaction): Promise<boolean> {
  const row = z.object({ locked: z.boolean() });
  return (await selectRow(trx, row, 'select pg_try_advisory_xact_lock(?) as locked', [LOCK_KEY])).locked;
}

export async function createMigrationSchema(trx: Knex.Transaction): Promise<void> {
  await trx.raw('create schema if not exists ??', [MIGRATION_SCHEMA]);
}

/** File names of the migrations that have run; none in a database that was never migrated. */
export async function loadAppliedMigrations(knex: Knex): Promise<string[]> {
  if (!(await knex.schema.withSchema(MIGRATION_SCHEMA).hasTable(MIGRATION_TABLE))) return [];
  const names: unknown = await knex.withSchema(MIGRATION_SCHEMA).from(MIGRATION_TABLE).orderBy('id').pluck('name');
  return z.array(z.string()).parse(names);
}
