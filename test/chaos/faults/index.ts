// The face of the chaos rig's instruments. Each fault hands back proof that it landed.
export type { ArmedFault, LandedFault } from './landed.ts';
export { PostgresProxy, type Partition } from './postgres-proxy.ts';
export type { AmbiguousCommitOptions, AnswerErrorOptions } from './ambush.ts';
export {
  CALL_SITES,
  type CallSite,
  type Match,
  type Statement,
  type StatementCounts,
  type StatementKind,
} from './statement.ts';
export { DEFECT_SQLSTATES, INFRASTRUCTURE_SQLSTATES, type SqlState } from './sqlstates.ts';
export {
  PostgresServer,
  type PostgresServerOptions,
  type RestartMode,
  type TakenConnections,
} from './postgres-server.ts';
export { ClockControl } from './clock-control.ts';
export { pauseProcess, resumeProcess } from './process-pause.ts';
export { createRandom, type Random } from './random.ts';
