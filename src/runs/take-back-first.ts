// Takes back what is to be done anew, then forgets it and has the run go on from what else is recorded, in one transaction.
import { changeOwnRecord, leaveToOthers, loadRecord } from '../durable/index.ts';
import type { RunRecord, StepIds } from '../durable/index.ts';
import type { Amendments } from './amendments.ts';
import { compensate } from './compensate.ts';
import type { Doubts } from './compensate.ts';
import { saveReopened } from './control-store.ts';
import type { RunContext } from './environment.ts';
import { foldRecord } from './fold-record.ts';
import type { CompensationSummary } from './runs.ts';

export interface DoneAnew
  extends Pick<Amendments, 'epochs' | 'decisions'>, Partial<Pick<Amendments, 'inherited' | 'changes'>> {
  readonly forget: readonly StepIds[];
  /** Absent: as far as the run was. */
  readonly progress?: number;
}

/** Answers only when an undo failed: then nothing is forgotten, and the run goes on once that is decided. */
export async function takeBackFirst(
  context: RunContext,
  doubts: Omit<Doubts, 'atMs' | 'children'>,
  anewOf: (record: RunRecord) => DoneAnew,
): Promise<CompensationSummary> {
  const { plan, facts, knex, clock } = context;
  const fresh = { ...context, record: await loadRecord(knex) };
  const all = { ...doubts, atMs: clock.now(), children: new Map() };
  const { summary } = await compensate(fresh, foldRecord(plan, fresh.record), all);
  if (summary.failed > 0) return summary;
  const { forget, ...reopened } = anewOf(fresh.record);
  await knex.transaction(async (trx) => {
    await changeOwnRecord(trx, { forget });
    await saveReopened(trx, facts.id, { ...reopened, status: 'running', control: null });
  });
  return leaveToOthers();
}
