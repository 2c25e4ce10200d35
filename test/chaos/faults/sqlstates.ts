// The SQLSTATEs that the proxy answers with, and what each does to a session. Pure.

export interface SqlState {
  readonly code: string;
  readonly name: string;
  /** FATAL ends the session, as the server ends it. */
  readonly severity: 'ERROR' | 'FATAL';
  /** Where a real server says so. The proxy says it anywhere. */
  readonly at: 'connect' | 'statement' | 'both';
}

const state = (code: string, name: string, severity: SqlState['severity'], at: SqlState['at']): SqlState => ({
  code,
  name,
  severity,
  at,
});

/** They mean: not now. None of them may cost a run anything but time. */
export const INFRASTRUCTURE_SQLSTATES: readonly SqlState[] = [
  state('08003', 'connection does not exist', 'FATAL', 'both'),
  state('08006', 'connection failure', 'FATAL', 'both'),
  state('25006', 'read-only transaction', 'ERROR', 'statement'),
  state('25P03', 'idle in transaction timeout', 'FATAL', 'statement'),
  state('25P04', 'transaction timeout', 'FATAL', 'statement'),
  state('28000', 'login not permitted', 'FATAL', 'connect'),
  state('28P01', 'password refused', 'FATAL', 'connect'),
  state('3D000', 'no such database', 'FATAL', 'connect'),
  state('40001', 'serialization failure', 'ERROR', 'statement'),
  state('40P01', 'deadlock detected', 'ERROR', 'statement'),
  state('53100', 'disk full', 'ERROR', 'statement'),
  state('53200', 'out of memory', 'ERROR', 'statement'),
  state('53300', 'too many connections', 'FATAL', 'connect'),
  state('53400', 'configuration limit exceeded', 'ERROR', 'statement'),
  state('55P03', 'lock not available', 'ERROR', 'statement'),
  state('57014', 'statement cancelled', 'ERROR', 'statement'),
  state('57P01', 'terminated by the administrator', 'FATAL', 'both'),
  state('57P02', 'terminated by the crash of another session', 'FATAL', 'statement'),
  state('57P03', 'cannot connect now', 'FATAL', 'connect'),
  state('57P05', 'idle session timeout', 'FATAL', 'statement'),
  state('58000', 'system error', 'ERROR', 'statement'),
  state('58030', 'input or output error', 'ERROR', 'statement'),
  state('XX000', 'internal error', 'ERROR', 'statement'),
  state('XX001', 'data corrupted', 'ERROR', 'statement'),
];

/** They mean: never. A run that meets one of them becomes stuck; repeating it would loop. */
export const DEFECT_SQLSTATES: readonly SqlState[] = [
  state('22021', 'character not in repertoire', 'ERROR', 'statement'),
  state('22P02', 'invalid text representation', 'ERROR', 'statement'),
  state('23505', 'unique violation', 'ERROR', 'statement'),
  state('54000', 'program limit exceeded', 'ERROR', 'statement'),
];

/** Of a code that is in neither list: an error that the session survives. */
export function severityOf(code: string): SqlState['severity'] {
  const known = [...INFRASTRUCTURE_SQLSTATES, ...DEFECT_SQLSTATES].find((each) => each.code === code);
  return known?.severity ?? 'ERROR';
}
