// Makes a run look at what was written for it, once the transaction commits. A wake that is lost only costs time.
import type { Knex } from 'knex';
import type { Plan } from '../definitions/index.ts';
import { sendInTransaction, wakeTopic } from '../durable/index.ts';
import { epochOf } from './amendments.ts';
import { RUN_TOPIC } from './run-topic.ts';
import { loadPinned } from './pinned-definition.ts';
import type { RunRow } from './run-store.ts';

/** The run itself, whatever it does. */
export async function wakeRun(trx: Knex.Transaction, runId: string, key: string): Promise<void> {
  await sendInTransaction(trx, { runId, topic: RUN_TOPIC, value: null, key });
}

export async function planOf(knex: Knex, run: RunRow): Promise<Plan | null> {
  return (await loadPinned(knex, run))?.plan ?? null;
}

/** A wake to a node that does not wait yet, or no longer, does no harm: messages never decide (K9). */
export async function wakeWaitingNodes(
  trx: Knex.Transaction,
  run: RunRow,
  wanted: (node: Plan['nodes'][number]) => boolean,
  key: string,
): Promise<void> {
  const plan = await planOf(trx, run);
  for (const node of plan?.nodes ?? []) {
    if (node.kind === 'activity' || !wanted(node)) continue;
    await sendInTransaction(trx, { runId: run.id, topic: wakeTopic(node.id, epochOf(run, node.id)), value: null, key });
  }
}
