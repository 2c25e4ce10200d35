// Starting a run: its rows are inserted in the caller's transaction, its body begins right after the commit (K11).
import type { Knex } from 'knex';
import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { rawClient } from '../postgres/index.ts';
import { reach, reachAfter } from './boundary.ts';
import { executeInserted, insertWorkflow } from './internals.ts';

/** A run whose rows are inserted but perhaps not committed. `begin` is called once, after the commit. */
export interface Inserted {
  begin(): Promise<void>;
}

/** Inserts the workflow row of `runId` for the registered workflow `name`. A roll-back leaves nothing. */
export async function startInTransaction(
  trx: Knex.Transaction,
  start: { runId: string; name: string; input: unknown },
): Promise<Inserted> {
  const client: ClientBase = await rawClient(trx);
  const ownerXid = randomUUID();
  await insertWorkflow(client, { runId: start.runId, name: start.name, args: [start.input], ownerXid });
  reach('inserted', start.runId, 'run');
  return {
    async begin() {
      reach('started', start.runId, 'run');
      const run = await executeInserted(start.runId, ownerXid);
      if (run) reachAfter(async () => await run.ended(), 'ended', start.runId, 'run');
    },
  };
}
