// A session for one question, outside any pool: before there is a pool, or with another database of the same server.
import type pg from 'pg';
import { silent } from '../kernel/index.ts';
import { guardedClient } from './guarded-client.ts';
import { brandIfFromServer } from './own-database-error.ts';
import { sessionSettings } from './session.ts';

const SessionClient = guardedClient({ watchdogMs: 5_000, translate: brandIfFromServer, emit: silent });

export async function withSession<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new SessionClient(sessionSettings(url, 'breakwater-setup'));
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
