// A rewind under way: takes back what will be repeated, then forgets it and has the run go on, in one transaction.
import { changeOwnRecord, leaveToOthers, loadRecord } from '../durable/index.ts';
import { decisionsOutside, nextEpoch } from './amendments.ts';
import type { Amendments } from './amendments.ts';
import { compensate } from './compensate.ts';
import { saveReopened } from './control-store.ts';
import type { RunContext } from './environment.ts';
import { foldRecord } from './fold-record.ts';
import type { CompensationSummary } from './runs.ts';

/** Answers only when an undo failed: then nothing is forgotten, and the rewind goes on once that is decided. */
export async function goOnRewinding(
  context: RunContext,
  { node, suspects }: NonNullable<Amendments['rewind']>,
): Promise<CompensationSummary> {
  const { plan, facts, knex, clock } = context;
  const repeated = plan.nodes.filter(({ id, ancestors }) => id === node || ancestors.includes(node));
  const only = new Set(repeated.map(({ id }) => id));
  const fresh = { ...context, record: await loadRecord(knex) };
  const doubts = { suspects, atMs: clock.now(), children: new Map(), only };
  const summary = await compensate(fresh, foldRecord(plan, fresh.record), doubts);
  if (summary.failed > 0) return summary;
  await knex.transaction(async (trx) => {
    await changeOwnRecord(trx, { forget: repeated.map(({ range }) => range) });
    await saveReopened(trx, facts.id, {
      ...amendedFor(context.amended, only),
      status: 'running',
      control: null,
      progress: 0,
    });
  });
  return leaveToOthers();
}

// What is repeated gets keys of its own.
function amendedFor(amended: Amendments, repeated: ReadonlySet<string>): Pick<Amendments, 'epochs' | 'decisions'> {
  const begun = [...repeated].map((id) => [id, nextEpoch(amended, id)] as const);
  return {
    epochs: { ...amended.epochs, ...Object.fromEntries(begun) },
    decisions: decisionsOutside(amended, repeated),
  };
}
