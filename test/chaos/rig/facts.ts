// What a chaos run leaves behind for its checker: plain values, collected from the rig, the app's database and the ledger.

/** Times are milliseconds of the machine's clock, which both databases and the rig share. */
export type Instant = number;

/** A start that some replica acknowledged, and what may become of it. */
export interface StartFact {
  readonly key: string;
  /** Every id that was answered for this key. More than one is a violation. */
  readonly runIds: readonly string[];
  readonly workflow: string;
  /** Final statuses that the rig's own doing allows; `stuck` for poison. */
  readonly allowed: readonly string[];
}

export interface RunFact {
  readonly id: string;
  readonly workflow: string;
  readonly status: string;
  readonly cause: string | null;
  readonly idempotencyKey: string | null;
  /** DBOS's own word, its queue and its owner. */
  readonly state: string;
  readonly queue: string | null;
  readonly executor: string | null;
  readonly claims: number;
}

export interface ApprovalFact {
  readonly id: string;
  readonly run: string;
  readonly status: string;
  readonly decisions: number;
}

/** A decision that was answered 200. */
export interface AcknowledgedDecision {
  readonly approval: string;
  readonly decision: 'approve' | 'reject';
}

export interface CallFact {
  readonly id: number;
  readonly key: string;
  readonly run: string;
  readonly instance: string;
  readonly node: string;
  readonly kind: 'act' | 'turned_away' | 'probe' | 'undo' | 'refusal';
  readonly beganAt: Instant;
  readonly endedAt: Instant | null;
}

/** Attempts of an act that the run's record holds: each failed one, such as one that timed out, and the last. */
export interface AttemptsFact {
  readonly key: string;
  readonly attempts: number;
}

export interface EffectFact {
  readonly key: string;
  readonly run: string;
  readonly node: string;
  readonly appliedAt: Instant;
  readonly undoneAt: Instant | null;
  readonly undoneBy: number | null;
}

export interface EntryFact {
  readonly list: string;
  readonly position: number;
  readonly run: string;
  readonly node: string;
}

/** One boot of one replica. `leaseEndedAt` is set once its lease ran out or was lost. */
export interface InstanceFact {
  readonly id: string;
  readonly executor: string | null;
  readonly leaseEndedAt: Instant | null;
}

/** Something that was done to an instance, or to all of them at once: then it names none. */
export interface Disturbance {
  readonly what: string;
  readonly instance?: string;
  readonly from: Instant;
  readonly until: Instant;
}

export interface Facts {
  readonly starts: readonly StartFact[];
  readonly runs: readonly RunFact[];
  readonly approvals: readonly ApprovalFact[];
  readonly decisions: readonly AcknowledgedDecision[];
  readonly calls: readonly CallFact[];
  readonly attempts: readonly AttemptsFact[];
  readonly effects: readonly EffectFact[];
  readonly entries: readonly EntryFact[];
  readonly instances: readonly InstanceFact[];
  readonly disturbances: readonly Disturbance[];
  /** Executors that hold a lease at the end. */
  readonly liveExecutors: readonly string[];
  /** Answers of the API that no client should get, in words. */
  readonly oddAnswers: readonly string[];
}

/** `rule` is the letter of the checker's rule, `run` whose trace to look at. */
export interface Violation {
  readonly rule: 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'http' | 'figure';
  readonly run?: string;
  readonly what: string;
}

/** Something measured, and what it may be at most. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: number;
}
