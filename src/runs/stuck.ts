// What a person reads of a run that met a defect: what it was, and what to do.
import type { Knex } from 'knex';
import { StuckError } from '../durable/index.ts';
import { messageOf } from '../kernel/index.ts';
import { insertRunEvent } from './event-store.ts';
import { markStuck } from './run-store.ts';
import type { RunRow } from './run-store.ts';

const REMEDY =
  'Nothing was undone and nothing is lost: the run keeps its record. Fix the cause, deploy, then release the run; it goes on where it stopped.';

/** Writes it in the transaction that sets the run aside. */
export async function stuckError(trx: Knex.Transaction, runId: string, error: unknown): Promise<void> {
  const { code, message, remedy } = describe(error);
  await markStuck(trx, runId, { code, message, remedy });
  await insertRunEvent(trx, runId, 'run.stuck', { error: { code, message }, remedy: remedy ?? null });
}

function describe(error: unknown): NonNullable<RunRow['error']> {
  if (error instanceof StuckError) {
    const { code, message, remedy } = error;
    return { code, message, remedy };
  }
  const name = error instanceof Error ? error.name : 'Error';
  const message = `${name}: ${messageOf(error)}`.replaceAll('\u0000', '').slice(0, 2_000);
  return { code: 'DEFECT', message, remedy: REMEDY };
}
