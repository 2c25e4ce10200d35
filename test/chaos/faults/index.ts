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
export { ClockControl } from './clock-control.ts';
export { pauseProcess, resumeProcess } from './process-pause.ts';
export { createRandom, type Random } from './random.ts';
import type { LandedFault } from './landed.ts';
export interface PostgresServerOptions {
  /** Server settings, such as `{ max_connections: '120' }`. fsync stays on. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type RestartMode = 'fast' | 'immediate' | 'kill9';

/** A private Postgres with stock durability, on one port for its whole life; gone with this process, also on Ctrl-C. */
export declare class PostgresServer {
  static start(options?: PostgresServerOptions): Promise<PostgresServer>;
  /** As the role that the app under test uses. The database is empty. */
  readonly url: string;
  /** As a role that no fault touches. */
  readonly adminUrl: string;
  readonly port: number;
  readonly landed: readonly LandedFault[];
  restart(mode: RestartMode, downMs: number): Promise<LandedFault>;
  readOnly(on: boolean): Promise<LandedFault>;
  refuseLogins(on: boolean): Promise<LandedFault>;
  /** All of the app's, or so many of them. */
  killBackends(limit?: number): Promise<LandedFault | undefined>;
  /** Takes every connection that is left until the handle is disposed of. */
  exhaustConnections(): Promise<AsyncDisposable & { readonly landed: LandedFault }>;
  stop(): Promise<void>;
}
