// The places of a run and of what it does in a trace: derived from its record, never drawn, so that whichever process executes it
// comes to the same ones. Pure.
import type { Plan, PlanNode } from '../definitions/index.ts';
import { parseTraceparent, placeBelow, sha256 } from '../kernel/index.ts';
import type { SpanPlace } from '../kernel/index.ts';

interface Traced {
  readonly plan: Pick<Plan, 'modules'>;
  readonly trace: RunTrace;
}

export interface RunTrace {
  readonly run: SpanPlace;
  /** The place of a module of its plan. */
  module(id: string): SpanPlace;
}

/** `traceparent` is what its start was asked with; without one the run's trace is its own, under the digits of its id. */
export function runTrace(runId: string, traceparent: string | null): RunTrace {
  const asked = traceparent === null ? undefined : parseTraceparent(traceparent);
  const spanId = spanIdOf(runId);
  const run = asked ? placeBelow(asked, spanId) : { traceId: ownTraceId(runId), spanId, sampled: true };
  const modules = new Map<string, SpanPlace>();
  return {
    run,
    module(id) {
      const known = modules.get(id) ?? placeBelow(run, spanIdOf(`${runId}\n${id}`));
      modules.set(id, known);
      return known;
    },
  };
}

/** The place of what a node does: below its module, or below the run where the plan has none. */
export function placeOf({ plan, trace }: Traced, { module }: Pick<PlanNode, 'module'>): SpanPlace {
  return plan.modules.length === 0 ? trace.run : trace.module(module);
}

/** The place of one attempt of an act: an act's key names it in its trace. */
export function attemptPlace(above: SpanPlace, key: string, attempt: number): SpanPlace {
  return placeBelow(above, `${key.slice(0, 14)}${attempt.toString(16).padStart(2, '0')}`);
}

function ownTraceId(runId: string): string {
  const digits = runId.replaceAll(/^run_|-/g, '');
  return /^[0-9a-f]{32}$/.test(digits) ? digits : sha256(runId).slice(0, 32);
}

function spanIdOf(what: string): string {
  return sha256(what).slice(0, 16);
}
