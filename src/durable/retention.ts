// Retention: every process deletes finished runs whose time is over, in batches, so that any number of them may do it at once.
import type { Knex } from 'knex';
import type { Emit } from '../kernel/index.ts';
import { repeat } from './loop.ts';
import type { Loop } from './loop.ts';
import { deleteRuns, listWorkflowsOf, lockExpired } from './retention-store.ts';
import type { Horizons } from './retention-store.ts';

/** How long the same idempotency key is sure to give the same run, however short the retention. */
const KEYED_RUNS_MS = 24 * 3_600_000;

/** Runs deleted in one transaction, at most. */
const BATCH = 200;
/** Between two batches, for others want the database too. */
const BREATH_MS = 100;
const LOOK_EVERY_MS = 60_000;

export interface RetentionOptions {
  readonly knex: Knex;
  /** How long finished runs are kept; undefined keeps them all. */
  readonly retentionMs: number | undefined;
  readonly emit: Emit;
}

/** Looks once a minute, and goes on at once while there is more. */
export function startRetention({ knex, retentionMs, emit }: RetentionOptions): Loop {
  if (retentionMs === undefined) return { wake: () => undefined, stop: async () => undefined };
  // Runs with a long record may be too many for one transaction: what fails is tried again in halves.
  let limit = BATCH;
  const work = async (): Promise<number> => {
    const tried = limit;
    limit = Math.ceil(limit / 2);
    const deleted = await deleteExpired(knex, { retentionMs, keyedMs: KEYED_RUNS_MS }, tried);
    limit = Math.min(tried * 2, BATCH);
    if (deleted > 0) emit({ level: 'info', name: 'retention.deleted', fields: { runs: deleted } });
    return deleted < tried ? LOOK_EVERY_MS * (0.75 + Math.random() * 0.5) : BREATH_MS;
  };
  return repeat({ name: 'retention', emit, work, errorPauseMs: LOOK_EVERY_MS / 6 });
}

/** Deletes up to `limit` runs and all that is kept of them, in one transaction. Answers how many. */
export async function deleteExpired(knex: Knex, horizons: Horizons, limit: number): Promise<number> {
  return await knex.transaction(async (trx) => {
    const runIds = await lockExpired(trx, horizons, limit);
    if (runIds.length > 0) await deleteRuns(trx, runIds, await listWorkflowsOf(trx, runIds));
    return runIds.length;
  });
}
