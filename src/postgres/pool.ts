// The pool that DBOS works on: its own failures are retried, never thrown into a run (K2).
import pg from 'pg';
import { messageOf, silent, type Emit } from '../kernel/index.ts';
import { codeOf } from './error-code.ts';
import { guardedClient } from './guarded-client.ts';
import { brandIfFromServer } from './own-database-error.ts';
import { LostConnectionError, relabel } from './relabel.ts';
import { sessionSettings } from './session.ts';
import { OF_EVERY_TENANT } from './tenant.ts';

export interface PoolOptions {
  readonly max: number;
  /** Shown as `application_name` in pg_stat_activity. */
  readonly name: string;
  /** How long a query may go without a byte of an answer before its connection is given up; 0 for ever. Default 5000. */
  readonly watchdogMs?: number;
  readonly emit?: Emit;
}

/** Waits in line for a free connection as long as it takes: a limit there would fail a wide fan-out for being wide. */
export function createPool(url: string, { max, name, watchdogMs = 5_000, emit = silent }: PoolOptions): pg.Pool {
  const translate = (error: unknown) => brandIfFromServer(announced(relabel(error), emit));
  const Client = guardedClient({ watchdogMs, translate, emit });
  const pool = new pg.Pool({
    ...sessionSettings(url, name),
    max,
    Client,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool awaits it, and lends the session to nobody before
    onConnect: async (client) => await sayEveryTenant(client),
  });
  pool.on('error', (error) => {
    emit({ level: 'warn', name: 'postgres.idle-connection-lost', fields: { pool: name, reason: messageOf(error) } });
  });
  return pool;
}

async function sayEveryTenant(client: pg.ClientBase): Promise<void> {
  await client.query(OF_EVERY_TENANT);
}

function announced(error: unknown, emit: Emit): unknown {
  if (error instanceof LostConnectionError) {
    emit({
      level: 'warn',
      name: 'postgres.relabelled',
      fields: { code: codeOf(error.cause), reason: messageOf(error.cause) },
    });
  }
  return error;
}
