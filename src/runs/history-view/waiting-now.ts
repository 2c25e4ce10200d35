// Why one run does not move at this moment, in words.
import type { Knex } from 'knex';
import type { Plan } from '../../definitions/index.ts';
import { loadPinned } from '../pinned-definition.ts';
import type { RunRow } from '../run-store.ts';
import { readHeldUp } from './waiting-store.ts';
import { explainWaiting } from './waiting-words.ts';

/** Undefined where nothing holds it up, and once it is over. */
export async function waitingNow(knex: Knex, run: RunRow): Promise<string | undefined> {
  if (run.finished_at !== null) return undefined;
  const [heldUp, definition] = await Promise.all([readHeldUp(knex, run), loadPinned(knex, run)]);
  return explainWaiting({
    ...heldUp,
    status: run.status,
    said: run.waiting_for,
    error: run.error,
    backOffs: heldUp.backOffs.map((backOff) => ({ ...backOff, ...attemptsOf(definition?.plan ?? null, backOff.act) })),
  });
}

// Of code nobody knows how often an act may be tried.
function attemptsOf(plan: Plan | null, act: string): { readonly attempts?: number } {
  const isUndo = act.startsWith('undo ');
  const name = act.replace(/^undo /, '').replace(/\[\d+\]$/, '');
  const node = plan?.nodes.find(({ id }) => id === name);
  if (node?.kind !== 'activity') return {};
  const retry = isUndo ? node.compensation?.retry : node.retry;
  return retry ? { attempts: retry.maxAttempts } : {};
}
