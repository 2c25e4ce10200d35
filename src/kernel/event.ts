// Rooms announce what happened; whoever wants logs, metrics or traces subscribes. The rooms import none of them.
import type { SpanPlace } from './trace.ts';

interface Announced {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Where in a trace it happened, where that is known. */
  readonly trace?: SpanPlace;
}

/** Something a room noticed. `name` is `room.what`, fields are bounded and carry no secret. */
interface Notice extends Announced {
  readonly name: string;
  readonly fact?: undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Something that is counted: told once, by the process that committed it, never by a replay. */
type FactEvent = {
  [Name in keyof Facts]: Announced & {
    readonly name: Name;
    readonly fact: true;
    readonly fields: Facts[Name] & Readonly<Record<string, unknown>>;
  };
}[keyof Facts];

export type RoomEvent = Notice | FactEvent;

export type Emit = (event: RoomEvent) => void;

export const silent: Emit = () => undefined;

/** Every subscriber is told of everything. */
export function emitToAll(subscribers: readonly Emit[]): Emit {
  return (event) => {
    for (const tell of subscribers) tell(event);
  };
}

/** Times are the database's, in milliseconds. */
export interface Facts {
  'run.finished': FinishedRun;
  'run.modules': { readonly run: string; readonly tenant: string; readonly modules: readonly ModuleSpan[] };
  'activity.completed': AttemptMade;
  'activity.attempt_failed': AttemptFailed;
  'activity.given_up': ActGivenUp;
  'compensation.settled': CompensationSettled;
  'approval.settled': ApprovalSettled;
  'breaker.changed': { readonly service: string; readonly from: string; readonly to: string; readonly by?: string };
  'breaker.failure': { readonly service: string };
  'durable.group': { readonly kind: string; readonly size: number };
  'durable.left': { readonly run: string; readonly class: string; readonly error: string };
  'sweep.took_over': { readonly count: number; readonly runs: readonly string[] };
  'tools.requested': RequestMade;
  'http.request': RequestAnswered;
  'telemetry.spans_lost': { readonly reason: string; readonly spans: number; readonly error?: string };
}

type OfRun = {
  readonly run: string;
  readonly tenant: string;
  readonly workflow: string;
};

type FinishedRun = OfRun & {
  readonly version: string;
  readonly status: string;
  readonly cause: string | null;
  readonly percentage: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
};

/** When a module of a run that is over was under way. */
export type ModuleSpan = {
  readonly id: string;
  readonly place: SpanPlace;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly failed: boolean;
};

type AttemptMade = OfRun & {
  readonly node: string;
  /** `<tool>.<action>`. */
  readonly action: string;
  /** It takes another act back. */
  readonly undo: boolean;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly ms: number;
};

type AttemptFailed = AttemptMade & {
  readonly code: string;
  readonly message: string;
  /** Nobody knows whether it took effect. */
  readonly unknown: boolean;
  readonly next: 'retry' | 'stop';
};

/** An act that was stopped while it waited for its next attempt. */
type ActGivenUp = OfRun & {
  readonly node: string;
  readonly action: string;
  readonly code: string;
  readonly unknown: boolean;
};

type CompensationSettled = OfRun & {
  readonly node: string;
  readonly reason: string;
  readonly status: 'compensated' | 'failed';
};

type ApprovalSettled = OfRun & {
  readonly node: string;
  readonly status: string;
  readonly waitedMs: number;
};

/** A request to a vendor: where it went and what was answered, never what was in it. */
type RequestMade = {
  readonly run: string;
  readonly tenant: string;
  readonly tool: string;
  readonly method: string;
  /** With its port, where that is not the usual one. */
  readonly host: string;
  /** Absent: there was no answer. */
  readonly status?: number;
  readonly startedAtMs: number;
  readonly ms: number;
};

/** The route's pattern, never the path: a path may hold an approval token. */
type RequestAnswered = {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly requestId: string;
};
