// The brand on errors of our own Postgres: such an error never becomes an outcome and never moves a breaker (D1). Pure.
import { chainOf, codeOf } from './error-code.ts';

// Membership, not a property: an error that was serialised and read back, or made by someone else, cannot carry the brand.
const branded = new WeakSet<object>();

/** Marks the error itself, so its SQLSTATE stays in `code` and its class stays what it was. */
export function brandOwnDatabaseError<T>(error: T): T {
  if (typeof error === 'object' && error !== null) branded.add(error);
  return error;
}

/** Of what comes out of a session, only what the server or the socket said: a value that pg cannot send is a defect of ours. */
export function brandIfFromServer<T>(error: T): T {
  return codeOf(error) === undefined ? error : brandOwnDatabaseError(error);
}

/** Did this error, or anything it wraps, come from our own Postgres? */
export function isOwnDatabaseError(error: unknown): boolean {
  for (const link of chainOf(error)) {
    if (branded.has(link)) return true;
  }
  return false;
}
