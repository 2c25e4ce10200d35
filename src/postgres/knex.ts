// Query building on our own tables: knex over the guarded client, with every error branded as our database's.
import createBuilder, { type Knex } from 'knex';
import pg from 'pg';
import { z } from 'zod';
import { silent, type Emit } from '../kernel/index.ts';
import { guardedClient } from './guarded-client.ts';
import { brandIfFromServer } from './own-database-error.ts';
import { OwnDialect } from './own-dialect.ts';
import type { PoolOptions } from './pool.ts';
import { sessionSettings } from './session.ts';
import { OF_EVERY_TENANT } from './tenant.ts';

export interface KnexOptions extends PoolOptions {
  /**
   * Every session takes this role, so that a query runs neither as owner nor as superuser, and sees nothing outside of `inTenant`.
   * Without a role it is the engine's, which serves every tenant.
   */
  readonly role?: string;
}

export function createKnex(url: string, options: KnexOptions): Knex {
  const { max, name, emit = silent } = options;
  // What is asked before the answer to what went ahead is sent behind it at once.
  const connection = { ...sessionSettings(url, name), pipeline: true };
  return createBuilder({
    client: guardedDialect(options),
    connection,
    pool: { min: 0, max },
    // Bound values hold what users sent: they stay out of messages.
    compileSqlOnError: false,
    log: knexLog(emit),
  });
}

/** The pg client a transaction runs on, for code that takes one, such as DBOS's `…InTransaction` calls. */
export async function rawClient(trx: Knex.Transaction): Promise<pg.ClientBase> {
  if (!trx.isTransaction) throw new TypeError('rawClient takes a transaction: a bare knex would leak the connection');
  const client = z.instanceof(OwnDialect).parse(trx.client);
  return client.acquireConnection();
}

/** Lends `use` a session of the pool, outside of any transaction: for prepared statements, which knex does not name. */
export async function withClient<T>(knex: Knex, use: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  const pool = z.instanceof(OwnDialect).parse(knex.client);
  const client = await pool.acquireConnection();
  try {
    return await use(client);
  } catch (error) {
    if (isFatal(error)) Object.assign(client, { __knex__disposed: error });
    throw error;
  } finally {
    await pool.releaseConnection(client);
  }
}

// Postgres ends the session after such an error, a moment later: whoever is lent it until then would get an error that is not theirs.
function isFatal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'FATAL';
}

/** The URL a knex was created with. */
export function connectionUrlOf(knex: Knex): string {
  const { config } = z
    .object({ config: z.object({ connection: z.object({ connectionString: z.string() }) }) })
    .parse(knex.client);
  return config.connection.connectionString;
}

function guardedDialect({ role, watchdogMs = 5_000, emit = silent }: KnexOptions): typeof OwnDialect {
  const Client = guardedClient({ watchdogMs, translate: brandIfFromServer, emit });
  return class extends OwnDialect {
    override _driver() {
      return { Client };
    }

    override async acquireRawConnection() {
      const client = await super.acquireRawConnection();
      await client.query(role === undefined ? OF_EVERY_TENANT : `set role ${client.escapeIdentifier(role)}`);
      return client;
    }
  };
}

// knex would print its warnings; they repeat what the thrown error says.
function knexLog(emit: Emit): Knex.Logger {
  const announce = (reason: unknown) => emit({ level: 'debug', name: 'postgres.knex', fields: { reason } });
  return { warn: announce, error: announce, deprecate: announce, debug: announce };
}
