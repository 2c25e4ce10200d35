// The history of a run: every fact that its record, its row, its events and the breakers of its services tell, in order. Pure.
import type { Plan } from '../../definitions/index.ts';
import { factOfEvent, factOfTransition } from './event-facts.ts';
import { executorsOf } from './executors.ts';
import { PHASE, factOf, inOrder } from './fact.ts';
import type { Draft, Fact } from './fact.ts';
import { hideInObject, hideInText, hideSecrets } from './hidden.ts';
import { inputsOf } from './inputs.ts';
import type { InputOf } from './inputs.ts';
import { factsOfRun } from './run-facts.ts';
import type { RunLog } from './run-log.ts';
import { factsOfReadiness } from './scheduled.ts';
import { factsOfStep } from './step-facts.ts';
import type { Telling } from './step-facts.ts';
import { placingOf } from './step-place.ts';

/** The same log always gives the same facts. */
export function deriveFacts(log: RunLog): Fact[] {
  return inOrder(draftsOf(log, inputsOf(log)).map((draft) => withoutSecrets(factOf(draft))));
}

/** Where its facts stand, without what they hold. */
export function factIdsOf(log: RunLog): string[] {
  return draftsOf(log, () => undefined).map((draft) => factOf(draft).id);
}

function draftsOf(log: RunLog, inputOf: InputOf): Draft[] {
  const executorAt = executorsOf(log.events, log.executor);
  const waves = wavesOf(log.plan);
  const depthOf = (node: string): number | undefined => waves.get(node);
  return [
    ...factsOfRun(log, executorAt),
    ...factsOfReadiness(log),
    ...stepFacts(log, { executorAt, inputOf, maxDepth: log.plan?.waves.length ?? 2 ** 19 }),
    ...log.events.map((event) => factOfEvent(event, depthOf)),
    ...log.transitions.map(factOfTransition),
  ];
}

function wavesOf(plan: Plan | null): ReadonlyMap<string, number> {
  return new Map(plan?.nodes.map(({ id, wave }) => [id, wave]));
}

function stepFacts({ plan, steps, run }: RunLog, telling: Telling): Draft[] {
  const placeOf = placingOf(plan, steps);
  return steps.flatMap((step) => {
    const place = placeOf(step);
    if (!place) return [];
    const drafts = factsOfStep(place, step, telling);
    return run.inherited.includes(place.node) ? inheritedBy(run, drafts) : drafts;
  });
}

// What a fork brought along: how it ended, and that this was before the fork began.
function inheritedBy({ started_at: startedAt }: RunLog['run'], drafts: readonly Draft[]): Draft[] {
  return drafts
    .filter(({ kind }) => /^\w+\.(?:completed|skipped|failed|unknown)$/.test(kind))
    .map(({ atMs, data, ...draft }) => ({
      ...draft,
      phase: PHASE.node,
      atMs: Math.max(atMs, startedAt.getTime()),
      data: { ...data, inherited: true },
    }));
}

function withoutSecrets(fact: Fact): Fact {
  const { input, output, error, data } = fact;
  return {
    ...fact,
    ...(input !== undefined && { input: hideSecrets(input) }),
    ...(output !== undefined && { output: hideSecrets(output) }),
    ...(error && { error: { ...error, message: hideInText(error.message) } }),
    ...(data && { data: hideInObject(data) }),
  };
}
