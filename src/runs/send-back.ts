// A run that goes back because an approver asked for changes: what is repeated is taken back first, by the machinery of a rewind.
import { withdrawApprovals } from '../approvals/index.ts';
import { changeOwnRecord, leaveToOthers } from '../durable/index.ts';
import type { ChangesAsked } from './changes.ts';
import { saveReopened } from './control-store.ts';
import type { RunContext } from './environment.ts';
import { insertEvent } from './event-store.ts';
import { lockRun } from './run-store.ts';

/**
 * Has the run executed anew, to take back what it repeats. False when an operator asked something of it meanwhile: that comes
 * first, and the request for changes stays recorded.
 */
export async function sendBack(
  { knex, facts, amended }: RunContext,
  { approval, to, notes, repeated }: ChangesAsked,
  suspects: readonly string[],
): Promise<boolean> {
  const { id: runId, tenant } = facts;
  const went = await knex.transaction(async (trx) => {
    const run = await lockRun(trx, tenant, runId);
    if (run?.control !== null) return false;
    await changeOwnRecord(trx, { forget: [] });
    await withdrawApprovals(trx, runId, [...repeated]);
    const data = { to, repeated: [...repeated], changes: notes.map((note) => ({ ...note })) };
    await insertEvent(trx, { tenant, runId, node: approval, kind: 'run.sent_back', data });
    await saveReopened(trx, runId, {
      ...amended,
      status: 'compensating',
      control: { rewind: { ...askedBy(notes), node: to, suspects: [...suspects], changes: [...notes] } },
    });
    return true;
  });
  return went ? leaveToOthers() : false;
}

function askedBy(notes: ChangesAsked['notes']): { by: string; reason: string | null; at: string } {
  const [{ by, reason, at } = { by: '', reason: null, at: '' }] = notes;
  return { by, reason, at };
}
