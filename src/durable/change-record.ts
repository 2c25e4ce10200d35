// Changes what a run has recorded and has it executed anew from there: in the caller's transaction, and only while nobody acts in it.
import type { Knex } from 'knex';
import { reach, reachAfter } from './boundary.ts';
import { changeSteps, ownerOf, takeFrom } from './change-record-store.ts';
import type { RecordChange, TakenFrom } from './change-record-store.ts';
import { notifyClaimers } from './claim-store.ts';
import { currentRun } from './execution.ts';

/**
 * False when the run is not where it is to be taken from: nothing has changed then. Whoever executes it still finds at its next
 * look that it is another's ({@link leaveIfTaken}).
 */
export async function changeRecord(
  trx: Knex.Transaction,
  runId: string,
  from: TakenFrom,
  change: RecordChange,
): Promise<boolean> {
  if (!(await takeFrom(trx, runId, from))) return false;
  await changeSteps(trx, runId, change);
  await notifyClaimers(trx);
  reach('done', runId, 'reopen');
  reachAfter(async () => void (await trx.executionPromise), 'committed', runId, 'reopen');
  return true;
}

/** As {@link changeRecord}, of the run around the caller, which must record nothing more and throws by {@link leaveToOthers}. */
export async function changeOwnRecord(trx: Knex.Transaction, change: RecordChange): Promise<void> {
  const { runId, ownerXid } = currentRun();
  if (!(await changeRecord(trx, runId, { ownerXid }, change))) leaveToOthers();
}

/** Throws once another execution is to go on with the run around the caller. */
export async function leaveIfTaken(knex: Knex): Promise<void> {
  const { runId, ownerXid } = currentRun();
  if ((await ownerOf(knex, runId)) !== ownerXid) leaveToOthers();
}

/** Ends this execution without a word about the run: it is another's. */
export function leaveToOthers(): never {
  const { runId, comeToRest, quiesce } = currentRun();
  comeToRest('ownership');
  quiesce.throwIfAborted();
  throw new Error(`run ${runId} came to rest and goes on`);
}
