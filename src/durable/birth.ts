// Runs that this process has just inserted and now begins: what their first execution need not ask. No I/O.
import { currentTurn } from './group-memory.ts';

export interface Birth {
  /** Was the run seen to be ours in this very turn of the event loop, by the answer to its start? */
  readonly isSeenNow: boolean;
}

// By owner token: knowledge about a run's own start ends with the token, whoever executes the run afterwards (K12).
const expected = new Map<string, number | undefined>();

/** The token was made by a start that is committed. `turn`: in which turn its answer came, if that is known. */
export function expectBirth(ownerXid: string, turn: number | undefined): void {
  expected.set(ownerXid, turn);
}

/** Undefined for an execution that this process did not insert itself. Each token has one birth. */
export function takeBirth(ownerXid: string): Birth | undefined {
  if (!expected.has(ownerXid)) return undefined;
  const turn = expected.get(ownerXid);
  expected.delete(ownerXid);
  return { isSeenNow: turn === currentTurn() };
}
