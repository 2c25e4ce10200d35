// The face of the chaos rig's instruments. Each fault hands back proof that it landed.

/** Proof of one fault that truly struck. */
export interface LandedFault {
  readonly fault: string;
  /** The rig's own clock, milliseconds since 1970. */
  readonly at: number;
  readonly what: string;
  /** Number of the connection it struck, where it struck one. */
  readonly connection?: number;
}

/** A fault that lies in wait for its moment. */
export interface ArmedFault {
  readonly landed: readonly LandedFault[];
  /** Resolves once it has struck as often as it was told to. */
  readonly done: Promise<void>;
  /** It strikes no more. True when it had not struck as often as it was told to. */
  disarm(): boolean;
}

/** What a statement is for, told from its text. All but `rollback`, `completion` and the reads are the call sites of row 5. */
export type StatementKind =
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'claim'
  | 'look-up'
  | 'record'
  | 'completion'
  | 'run-insert'
  | 'lease-renewal'
  | 'sweep'
  | 'audit'
  | 'message-insert'
  | 'outcome-update'
  | 'read'
  | 'write'
  | 'other';

/** Where a fault may strike: making a connection, or a statement. */
export type CallSite = 'connect' | StatementKind;

/** A statement on its way to the server. */
export interface Statement {
  readonly sql: string;
  readonly kind: StatementKind;
  /** `application_name` of its session. */
  readonly application: string;
  /** What its transaction did before it. */
  readonly transaction: readonly StatementKind[];
}

/** By kind (one or several), by text, or by a look at the whole statement. */
export type Match = StatementKind | readonly StatementKind[] | RegExp | ((statement: Statement) => boolean);

export interface AmbiguousCommitOptions {
  /** What must commit: a kind also matches the COMMIT of the transaction that it was part of. Default: anything that writes a row. */
  readonly match?: Match;
  /** Which of the matching commits. Default: the first. */
  readonly nth?: number;
}

export interface AnswerErrorOptions {
  /** `connect`, or which statement. Default: any statement but a rollback. */
  readonly match?: 'connect' | Match;
  /** How many in a row. Default 1. */
  readonly times?: number;
  /** Which of the matching statements is the first. Default 1. */
  readonly nth?: number;
}

/** `refuse` listens no more and cuts what is open; `refuseNew` resets new connections alone. */
export type Partition =
  | 'reset'
  | 'refuse'
  | 'refuseNew'
  | 'blackhole'
  | 'blackholeOut'
  | 'blackholeIn'
  | { readonly delayMs: number }
  | { readonly bytesPerSecond: number };

/** A loopback proxy in front of Postgres that understands what passes. Each replica has its own. */
export declare class PostgresProxy {
  static start(url: string): Promise<PostgresProxy>;
  /** The same URL by way of the proxy. */
  through(url: string): string;
  readonly connections: number;
  /** Everything that struck, in order. */
  readonly landed: readonly LandedFault[];
  /** Statements seen so far. */
  readonly seen: Readonly<Record<StatementKind, number>>;
  /** The commit reaches the server and takes effect; its answer never reaches the client: both sides are reset. */
  ambiguousCommit(options?: AmbiguousCommitOptions): ArmedFault;
  /** The server is not asked; the client is answered with this SQLSTATE. */
  answerError(sqlstate: string, options?: AnswerErrorOptions): ArmedFault;
  /** In force until `heal` or the next one. Lands with the first connection or byte it strikes. */
  partition(partition: Partition): Promise<ArmedFault>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

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

/** The wall clock of one process, through test/support/clock-shim.cjs. */
export declare class ClockControl {
  static create(): Promise<ClockControl>;
  /** For the process's environment: preloads the shim and names its file. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on its Date is this far off. Negative steps back. */
  shift(offsetMs: number): Promise<LandedFault>;
  remove(): Promise<void>;
}

export declare function pauseProcess(pid: number): LandedFault;
export declare function resumeProcess(pid: number): LandedFault;

/** The same sequence for the same seed. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Both ends included. */
  int(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
}
export declare function createRandom(seed: number): Random;

export interface SqlState {
  readonly code: string;
  readonly name: string;
  /** FATAL ends the session. */
  readonly severity: 'ERROR' | 'FATAL';
  /** Where a real server says so. */
  readonly at: 'connect' | 'statement' | 'both';
}
/** 24 codes that mean: not now. None of them may cost a run anything but time. */
export declare const INFRASTRUCTURE_SQLSTATES: readonly SqlState[];
/** Codes that mean: never. A run that meets one is stuck, not repeated. */
export declare const DEFECT_SQLSTATES: readonly SqlState[];
