// Runs that a run began: the columns breakwater.run.parent_run and parent_node.
import type { Knex } from 'knex';
import { currentRun, sendInTransaction, wakeTopic } from '../durable/index.ts';
import type { RunRow } from './run-store.ts';
import type { ParentRun } from './run-input.ts';

export type ChildRow = Pick<
  RunRow,
  | 'id'
  | 'tenant'
  | 'workflow'
  | 'version'
  | 'hash'
  | 'status'
  | 'output'
  | 'error'
  | 'control'
  | 'compensation'
  | 'started_at'
  | 'finished_at'
> & { readonly parent_node: string };

const COLUMNS = [
  'id',
  'tenant',
  'workflow',
  'version',
  'hash',
  'status',
  'output',
  'error',
  'control',
  'compensation',
  'started_at',
  'finished_at',
  'parent_node',
] as const;

/** In the transaction that inserts the run. */
export async function saveParent(trx: Knex.Transaction, id: string, { runId, node }: ParentRun): Promise<void> {
  await runs(trx).where({ id }).update({ parent_run: runId, parent_node: node });
}

/** By the node that began it; the last one of each. */
export async function listChildren(knex: Knex, parentRun: string): Promise<Map<string, ChildRow>> {
  const rows = await runs(knex)
    .select<ChildRow[]>(...COLUMNS)
    .where({ parent_run: parentRun })
    .orderBy('created_at');
  return new Map(rows.map((row) => [row.parent_node, row]));
}

export async function findChild(knex: Knex, id: string): Promise<ChildRow | undefined> {
  return await runs(knex)
    .first<ChildRow>(...COLUMNS)
    .where({ id });
}

/**
 * Wakes the run that waits for this one, in the transaction in which it ends. A run that waits no more may be gone. One that was
 * reopened may end twice alike: each end is that of another execution.
 */
export async function tellParent(
  trx: Knex.Transaction,
  { runId, node, epoch }: ParentRun,
  endedRun: string,
): Promise<void> {
  const waits = await runs(trx)
    .first<{ id: string } | undefined>('id')
    .where({ id: runId })
    .whereNull('finished_at')
    .forKeyShare();
  if (!waits) return;
  await sendInTransaction(trx, {
    runId,
    topic: wakeTopic(node, epoch),
    value: null,
    key: `child ${endedRun} ${currentRun().ownerXid}`,
  });
}

function runs(knex: Knex) {
  return knex.withSchema('breakwater').table('run');
}
