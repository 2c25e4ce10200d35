// How an execution leaves a run without a verdict, and which of the three classes of K3 an error belongs to. Pure.
import { DBOSWorkflowCancelledError, DBOSWorkflowConflictError } from './internals.ts';

/**
 * `ownership`: another execution owns the run, or it was cancelled from outside: leave it alone.
 * `shutdown`: this process is going: hand the run over at once.
 * `infrastructure`: our own Postgres or the network to it: give the run back and try later.
 * `defect`: a bug, a changed step order, a value Postgres refuses: repeating cannot help, a person must look.
 */
export type EscapeClass = 'ownership' | 'shutdown' | 'infrastructure' | 'defect';

// A property, not a class: an error keeps it across realms and copies of a module.
const ESCAPE = Symbol.for('breakwater.escape');

interface Marked {
  [ESCAPE]?: EscapeClass;
}

/** DBOS never records a conflict thrown by a step's body: the way out of a step. */
export class StepEscape extends DBOSWorkflowConflictError {
  readonly [ESCAPE]: EscapeClass;

  constructor(runId: string, kind: EscapeClass, cause: unknown) {
    super(runId);
    this[ESCAPE] = kind;
    this.cause = cause;
    this.message = `Run ${runId} left its step: ${kind}`;
  }
}

/** DBOS never records a workflow's own cancellation thrown by a data source: the way out of a transaction. */
export class TransactionEscape extends DBOSWorkflowCancelledError {
  readonly [ESCAPE]: EscapeClass;

  constructor(runId: string, kind: EscapeClass, cause: unknown) {
    super(runId);
    this[ESCAPE] = kind;
    this.cause = cause;
    this.message = `Run ${runId} left its transaction: ${kind}`;
  }
}

/** The class of anything that reached the wrapper of a durable workflow, or the edge of a step's body. */
export function classifyEscape(error: unknown): EscapeClass {
  const marked = markOf(error);
  if (marked) return marked;
  if (error instanceof DBOSWorkflowConflictError || error instanceof DBOSWorkflowCancelledError) return 'ownership';
  if (isPoolClosed(error)) return 'shutdown';
  return databaseClass(error) ?? 'defect';
}

/** The error that a person should see: what made the execution leave. */
export function causeOfEscape(error: unknown): unknown {
  return error instanceof Error && markOf(error) ? error.cause : error;
}

function markOf(error: unknown): EscapeClass | undefined {
  return typeof error === 'object' && error !== null ? (error as Marked)[ESCAPE] : undefined;
}

// Neither pg nor DBOS gives these a code; the pinned versions and a contract test hold the texts.
function isPoolClosed(error: unknown): boolean {
  return (
    error instanceof Error &&
    /Cannot use a pool after calling end|system database has been shut down/.test(error.message)
  );
}

// Every SQLSTATE of Postgres has a digit, which `EPERM` and its like have not.
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
const NETWORK = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

// Follows the cause chain to the first SQLSTATE or network code. 22, 23, 54: a value or row that Postgres will refuse again.
function databaseClass(error: unknown): EscapeClass | undefined {
  for (let depth = 0, current = error; isObject(current) && depth < 8; depth++, current = current.cause) {
    const { code } = current;
    if (typeof code !== 'string') continue;
    if (SQLSTATE.test(code)) return /^(22|23|54|42|0A)/.test(code) ? 'defect' : 'infrastructure';
    if (NETWORK.has(code)) return 'infrastructure';
  }
  return undefined;
}

function isObject(value: unknown): value is { code?: unknown; cause?: unknown } {
  return typeof value === 'object' && value !== null;
}
