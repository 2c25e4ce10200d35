// The arguments that an act was called with, made again from what is recorded: a plan's templates read nothing else. Pure.
import type { ActivityNode } from '../../definitions/index.ts';
import { recordOfSteps } from '../../durable/index.ts';
import { FailureError } from '../../kernel/index.ts';
import type { Json } from '../../kernel/index.ts';
import { actsOf } from '../act.ts';
import type { NodeAct } from '../act.ts';
import { amendmentsOf } from '../amendments.ts';
import { foldRecord } from '../fold-record.ts';
import { argumentsOf } from '../run-activity.ts';
import { scopeOfNode } from '../run-scope.ts';
import type { RunFacts } from '../run-scope.ts';
import type { RunLog } from './run-log.ts';
import type { StepPlace } from './step-place.ts';

export type InputOf = (place: Pick<StepPlace, 'planned' | 'item'>) => Json | undefined;

/** Each node's acts are found once. Of code nothing is known here: its acts note what they were called with. */
export function inputsOf({ run, plan, steps }: RunLog): InputOf {
  if (!plan) return () => undefined;
  const results = foldRecord(plan, recordOfSteps(steps));
  const amended = amendmentsOf(run);
  const facts: RunFacts = {
    id: run.id,
    name: run.workflow,
    version: run.version,
    tenant: run.tenant,
    startedAt: run.started_at.toISOString(),
    input: run.input,
    changes: amended.changes,
  };
  const acts = new Map<string, readonly NodeAct[]>();
  const actsOfNode = (node: ActivityNode): readonly NodeAct[] => {
    const known = acts.get(node.id) ?? actsOf(node, scopeOfNode(plan, node, results, facts));
    acts.set(node.id, known);
    return known;
  };
  return ({ planned, item }) => {
    if (planned?.kind !== 'activity') return undefined;
    return orNothing(() => {
      const act = actsOfNode(planned)[item ?? 0];
      return act && argumentsOf({ amended }, planned, act.scope, item);
    });
  };
}

// What cannot be resolved was that act's failure, which is told as such.
function orNothing<T>(resolve: () => T): T | undefined {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}
