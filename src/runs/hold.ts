// A run that failed behind a point of no return: nothing is undone by itself, an operator decides.
import { ENGINE_RANGE, runStep, stepId, wakeTopic } from '../durable/index.ts';
import type { Plan } from '../definitions/index.ts';
import type { RunContext } from './environment.ts';
import type { NodeResult } from './node-result.ts';
import { untilAsked } from './pause.ts';
import { saveHeld } from './run-store.ts';
import { ENGINE_STEP } from './step-layout.ts';
import { errorOf } from './turn.ts';
import type { Turn } from './turn.ts';

/** Wakes the run itself; no node has an empty id. */
export const RUN_TOPIC = wakeTopic('', 0);

/** The irreversible acts that are done: pivots. */
function pivotsOf(plan: Plan, results: ReadonlyMap<string, NodeResult>): string[] {
  const irreversible = plan.nodes.filter((node) => node.kind === 'activity' && node.irreversible);
  return irreversible.filter((node) => results.get(node.id)?.status === 'completed').map((node) => node.id);
}

/**
 * Is the run to be undone? Behind a pivot it is held until an operator cancels it, with compensation or without; an
 * operator's cancel has said so already.
 */
export async function mayUndo(
  context: RunContext,
  results: ReadonlyMap<string, NodeResult>,
  turn: Turn,
): Promise<boolean> {
  const pivots = pivotsOf(context.plan, results);
  if (!turn.compensate || turn.cause === 'cancel' || pivots.length === 0) return turn.compensate;
  const why = `held: ${pivots.join(', ')} cannot be taken back; cancel the run with compensation to undo the rest, or without to leave it`;
  await saveHeld(context.knex, context.facts.id, { cause: turn.cause, error: errorOf(turn), why });
  return await runStep(
    stepId(ENGINE_RANGE, ENGINE_STEP.pivot),
    'run decided at its pivot',
    async () => await untilAsked(context, async (control) => control?.cancel?.compensate),
  );
}
