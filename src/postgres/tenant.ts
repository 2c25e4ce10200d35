// Whose rows a session may see: row security reads it from the session's settings, in the tenant wall of migration 0010.
import type { Knex } from 'knex';

/** What a session of the engine says once: it serves every tenant. Requests never may. */
export const OF_EVERY_TENANT = `select set_config('breakwater.tenant', '*', false)`;

/** A transaction that sees and writes the rows of one tenant, and is over with it: nothing is left on the session. */
export async function inTenant<T>(knex: Knex, tenant: string, use: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return await knex.transaction(async (trx) => {
    await trx.raw(`select set_config('breakwater.tenant', ?, true)`, [tenant]);
    return await use(trx);
  });
}
