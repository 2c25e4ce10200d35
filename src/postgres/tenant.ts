// Whose rows a session may see: row security reads it from the session's settings, behind the wall of migration 0010.
import createBuilder, { type Knex } from 'knex';
import type pg from 'pg';
import { z } from 'zod';
import { OwnDialect } from './own-dialect.ts';

/** What a session of the engine says once: it serves every tenant. Requests never may. */
export const OF_EVERY_TENANT = `select set_config('breakwater.tenant', '*', false)`;

/** The role of requests: behind the wall, and with no more rights than they use. */
const APP_ROLE = 'breakwater_app';

/** For a transaction: its role and its tenant. */
const WALL = `select set_config('role', $1, true), set_config('breakwater.tenant', $2, true)`;

const MAX_KEPT = 1_000;
// Building one takes longer than most queries. The least recently used first.
const kept = new WeakMap<Knex, Map<string, Knex>>();

/**
 * The same sessions for the rows of one tenant alone: whatever is asked through it runs in a transaction, its own where there is
 * none, that says so first, and nothing of it is left on the session afterwards.
 */
export function forTenant(knex: Knex, tenant: string): Knex {
  const tenants = kept.get(knex) ?? new Map<string, Knex>();
  const own = tenants.get(tenant) ?? createForTenant(knex, tenant);
  tenants.delete(tenant);
  tenants.set(tenant, own);
  const [oldest] = tenants.keys();
  if (tenants.size > MAX_KEPT && oldest !== undefined) tenants.delete(oldest);
  kept.set(knex, tenants);
  return own;
}

function createForTenant(knex: Knex, tenant: string): Knex {
  if (tenant === '*') throw new TypeError('"*" is no tenant');
  const { pool: connectionPool, config } = clientOf(knex);
  if (!connectionPool) throw new TypeError("a transaction is one tenant's already");
  return createBuilder({ client: tenantDialect(tenant), connectionPool, compileSqlOnError: false, log: config.log });
}

/** Several queries for one tenant, in one transaction. */
export async function inTenant<T>(
  knex: Knex,
  tenant: string,
  use: Work<T>,
  config?: Knex.TransactionConfig,
): Promise<T> {
  return await forTenant(knex, tenant).transaction(use, config);
}

function tenantDialect(tenant: string): typeof OwnDialect {
  return class extends OwnDialect {
    override transaction<T>(work: Work<T>, config: Knex.TransactionConfig, outer: unknown) {
      return super.transaction(this.transacting ? work : behindWall(tenant, work), config, outer);
    }

    override async query(connection: pg.Client, query: unknown) {
      if (this.transacting) return await super.query(connection, query);
      return await atOnce(connection, tenant, async () => await super.query(connection, query));
    }
  };
}

// One question in a transaction of its own that is sent whole, before the first answer: one round trip. What fails fails all of it.
async function atOnce(connection: pg.Client, tenant: string, ask: () => Promise<unknown>): Promise<unknown> {
  const begun = connection.query('begin');
  const walled = connection.query(WALL, [APP_ROLE, tenant]);
  const answer = ask();
  const committed = connection.query('commit');
  const outcomes = await Promise.allSettled([begun, walled, answer, committed]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return await answer;
}

type Work<T> = (trx: Knex.Transaction) => Promise<T>;

function behindWall<T>(tenant: string, work: Work<T>): Work<T> {
  return async (trx) => {
    const connection = await clientOf(trx).acquireConnection();
    await connection.query(WALL, [APP_ROLE, tenant]);
    return await work(trx);
  };
}

function clientOf(knex: Knex): OwnDialect {
  return z.instanceof(OwnDialect).parse(knex.client);
}
