// Reads what a note of code records: within its limits, and with no secret in it.
import { FailureError } from '../kernel/index.ts';
import type { Json, Outcome } from '../kernel/index.ts';
import { MAX_OUTCOME_BYTES, readWithin } from '../tools/index.ts';
import type { Registry } from '../tools/index.ts';
import { recordable } from './recordable.ts';
import type { ReadNote } from './saga.ts';

/** Its failure is recorded too: a note that was read once is never read again. */
export async function settleNote<T extends Json>(
  { secrets: { redactor } }: Registry,
  name: string,
  limits: Parameters<typeof readWithin>[0],
  read: ReadNote<T>,
): Promise<Outcome> {
  try {
    const value = recordable(`the note "${name}"`, await readWithin(limits, read), MAX_OUTCOME_BYTES);
    return { ok: true, value: redactor.json(value) };
  } catch (error) {
    redactor.error(error);
    if (!(error instanceof FailureError)) throw error;
    return { ok: false, error: { ...error.failure, message: redactor.text(error.failure.message) } };
  }
}
