// The table dbos.transaction_completion: proof, inside a transaction of ours, that a durable step was done.
import type { Knex } from 'knex';

export interface Completion {
  readonly output: string | null;
  readonly error: string | null;
}

export async function findCompletion(knex: Knex, runId: string, stepId: number): Promise<Completion | undefined> {
  return await knex
    .withSchema('dbos')
    .table('transaction_completion')
    .first<Completion>('output', 'error')
    .where({ workflow_id: runId, function_num: stepId });
}

/** False when another execution recorded this step first. */
export async function insertCompletion(
  trx: Knex.Transaction,
  runId: string,
  stepId: number,
  output: string,
): Promise<boolean> {
  const inserted = await trx
    .withSchema('dbos')
    .table('transaction_completion')
    .insert({ workflow_id: runId, function_num: stepId, output })
    .onConflict()
    .ignore()
    .returning('function_num');
  return inserted.length > 0;
}

/**
 * Does the token own the run? Until the transaction ends nobody else can: an execution that records its steps with their work
 * (recorded-transaction.ts) asks for completions only once. A row that somebody changes is not waited for: the transaction is tried again.
 */
export async function isOwnerLocked(
  trx: Knex.Transaction,
  { runId, ownerXid }: { readonly runId: string; readonly ownerXid: string },
): Promise<boolean> {
  const row = await trx
    .withSchema('dbos')
    .table('workflow_status')
    .first<{ owner_xid: string | null }>('owner_xid')
    .where({ workflow_uuid: runId })
    .forShare()
    .noWait();
  return row?.owner_xid === ownerXid;
}

export async function removeCompletions(trx: Knex.Transaction, runId: string, fromStepId: number): Promise<void> {
  await trx
    .withSchema('dbos')
    .table('transaction_completion')
    .where('workflow_id', runId)
    .where('function_num', '>=', fromStepId)
    .delete();
}
