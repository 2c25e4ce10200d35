// Everything that is stored of one run, as one look found it: what its history, its timeline and its reasons to wait are told from. Pure.
import type { Plan } from '../../definitions/index.ts';
import type { LoggedStep } from '../../durable/index.ts';
import type { JsonObject } from '../../kernel/index.ts';
import type { RunRow } from '../run-store.ts';
import { ENGINE_STEP } from '../step-layout.ts';

/** A row of breakwater.event. */
export interface LoggedEvent {
  readonly id: number;
  readonly node: string | null;
  readonly kind: string;
  readonly data: JsonObject;
  readonly at: Date;
  readonly seen: readonly boolean[];
}

/** A change of the breaker of a service that the run calls, while it ran. */
export interface LoggedTransition {
  readonly id: number;
  readonly service: string;
  readonly from: string;
  readonly to: 'open' | 'closed' | 'half_open';
  readonly why: string;
  readonly by: string | null;
  readonly at: Date;
  readonly seen: readonly boolean[];
}

export interface RunLog {
  readonly run: RunRow;
  /** Null of code. */
  readonly plan: Plan | null;
  readonly steps: readonly LoggedStep[];
  readonly events: readonly LoggedEvent[];
  readonly transitions: readonly LoggedTransition[];
  /** Who executes it, or did last. */
  readonly executor?: string;
  /** The snapshot that it is of. */
  readonly snapshot: string;
}

/** As it was in the snapshot that was asked for at this place. What was forgotten since is not in it. */
export function logAsOf(log: RunLog, at: number): RunLog {
  const then = <Row extends { readonly seen: readonly boolean[] }>(rows: readonly Row[]): Row[] =>
    rows.filter(({ seen }) => seen[at] === true);
  const steps = then(log.steps);
  // A run's end is recorded in the transaction that writes it on its row.
  const isOver = steps.some(({ id }) => id === ENGINE_STEP.finish);
  const run = isOver ? log.run : { ...log.run, finished_at: null };
  return { ...log, run, steps, events: then(log.events), transitions: then(log.transitions) };
}
