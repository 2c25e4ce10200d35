// Which failures of the server are told to DBOS as a lost connection, the one thing it retries without end (K2). Pure.
import { messageOf } from '../kernel/index.ts';
import { codeOf } from './error-code.ts';

const LOST_CODES: ReadonlySet<string> = new Set([
  '25006', // read-only: the primary has just become a standby
  '3D000', // the database is not there: a restore is under way
  '40001', // serialization failure
  'XX000', // internal error of the server or of a pooler in front of it
  'ENOTFOUND', // the host name is gone for the length of a failover
  'EPIPE',
]);
const LOST_CLASSES: ReadonlySet<string> = new Set([
  '28', // login refused: a password is being rotated, or the failover target is not open yet
  '58', // system error outside Postgres: disk, file
]);

/** A failure of the server in the guise DBOS retries. The original, with its SQLSTATE, is the `cause`. */
export class LostConnectionError extends Error {
  readonly code = 'ECONNRESET';

  constructor(cause: unknown) {
    super(`${messageOf(cause)} (${codeOf(cause) ?? 'no code'}, retried as a lost connection)`, { cause });
    this.name = 'LostConnectionError';
  }
}

/** Bad data (22, 23), limits (54) and cancelled statements (57014) are never lost connections: retrying them would loop. */
export function isLostConnection(code: string): boolean {
  return LOST_CODES.has(code) || (code.length === 5 && LOST_CLASSES.has(code.slice(0, 2)));
}

export function relabel(error: unknown): unknown {
  const code = codeOf(error);
  return code !== undefined && isLostConnection(code) ? new LostConnectionError(error) : error;
}
