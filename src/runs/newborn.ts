// Rows of runs that this process has just inserted: their first execution need not read them. No I/O.
import type { NewRun } from './run-store.ts';

/** What a run's execution reads of its row. */
export type NewbornRow = Pick<NewRun, 'requester' | 'priority' | 'startedAt' | 'traceparent'>;

const rows = new Map<string, NewbornRow>();

/** Until its execution takes it, or it is known not to begin. */
export async function whileNewborn(run: NewRun, begin: () => Promise<void>): Promise<void> {
  rows.set(run.id, run);
  try {
    await begin();
  } catch (error) {
    rows.delete(run.id);
    throw error;
  }
}

/** Only the execution that its start began may rely on it: whoever takes the run over reads what is there. */
export function takeNewborn(runId: string, isFirst: boolean): NewbornRow | undefined {
  const row = rows.get(runId);
  rows.delete(runId);
  return isFirst ? row : undefined;
}
