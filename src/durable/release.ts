// Gives a run that was set aside back to the executors, in the caller's transaction with what else is to be true of it.
import type { Knex } from 'knex';
import { reach, reachAfter } from './boundary.ts';
import { notifyClaimers } from './claim-store.ts';
import { forgetCrashes } from './recovery-store.ts';
import { takeUp } from './release-store.ts';

/** Its crashes are counted anew. False when it is not set aside. */
export async function releaseInTransaction(trx: Knex.Transaction, runId: string): Promise<boolean> {
  if (!(await takeUp(trx, runId))) return false;
  await forgetCrashes(trx, [runId]);
  await notifyClaimers(trx);
  reach('done', runId, 'release');
  reachAfter(async () => void (await trx.executionPromise), 'committed', runId, 'release');
  return true;
}
