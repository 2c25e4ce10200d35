// A transaction on our own tables that records its own step (D10): DBOS's record is in the same Postgres, so it commits with the work.
import type { Knex } from 'knex';
import { reach } from './boundary.ts';
import { findCompletion } from './completion-store.ts';
import { currentRun } from './execution.ts';
import { recordOnce } from './group-store.ts';
import {
  afterStepCommit,
  applicationName,
  areCheckpointsReplaced,
  asTransaction,
  isStepRecorded,
  serializeOutput,
} from './internals.ts';
import { rawClient } from '../postgres/index.ts';

export interface TransactionStep<T> {
  readonly id: number;
  readonly name: string;
  readonly body: (trx: Knex.Transaction) => Promise<T>;
}

/** Thrown inside the transaction, so that it leaves nothing. */
class NotRecordedError extends Error {}

/**
 * The step's value, or undefined when it must be asked of DBOS's own path: it is recorded already, an execution on that path may have
 * done it, or the run is not ours any more.
 */
export async function recordWithWork<T>(knex: Knex, step: TransactionStep<T>): Promise<{ value: T } | undefined> {
  const { runId, memory } = currentRun();
  if (!areCheckpointsReplaced()) return undefined;
  // After a lost answer only the database knows.
  if (!memory.isUnrecorded(step.id) && (await isStepRecorded(runId, step.id))) return undefined;
  if (await wasCompleted(knex, step.id)) return undefined;
  try {
    const value = await knex.transaction(async (trx) => await workAndRecord(trx, step));
    reach('committed', runId, step.name);
    await afterStepCommit();
    // The run was ours until the commit.
    memory.see();
    return { value };
  } catch (error) {
    if (error instanceof NotRecordedError) return undefined;
    throw error;
  } finally {
    // Also after an error: its answer may be what was lost.
    memory.own(step.id);
  }
}

// DBOS's path commits its proof before its record; an execution that nobody preceded under its token cannot meet one.
export async function wasCompleted(knex: Knex, id: number): Promise<boolean> {
  const { runId, isFirst } = currentRun();
  return !isFirst && (await findCompletion(knex, runId, id)) !== undefined;
}

// The record share-locks the row of the owner until the commit: nobody can take the run over between the two.
async function workAndRecord<T>(trx: Knex.Transaction, { id, name, body }: TransactionStep<T>): Promise<T> {
  const { runId, ownerXid } = currentRun();
  const startedAt = Date.now();
  reach('before', runId, name);
  const { text: output, value } = await serializeOutput(await asTransaction(id, async () => await body(trx)), name);
  const rest = { error: null, childRunId: null, serialization: null, startedAt, completedAt: Date.now() };
  const step = { runId, ownerXid, stepId: id, name, output, ...rest };
  if (!(await recordOnce(await rawClient(trx), applicationName(), step))) throw new NotRecordedError(name);
  reach('done', runId, name);
  return value;
}
