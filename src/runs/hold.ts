// A run that failed behind a point of no return, or whose definition says `on_failure: ask`: an operator decides what becomes of it.
import { ENGINE_RANGE, leaveIfTaken, runStep, stepId } from '../durable/index.ts';
import type { Plan } from '../definitions/index.ts';
import { APPROVAL_EXPIRED } from './advance.ts';
import type { Control } from './control-store.ts';
import type { RunContext } from './environment.ts';
import type { NodeResult } from './node-result.ts';
import { untilAsked } from './pause.ts';
import { saveHeld } from './run-store.ts';
import { ENGINE_STEP } from './step-layout.ts';
import { errorOf } from './turn.ts';
import type { Turn } from './turn.ts';

/** The irreversible acts that are done: pivots. */
function pivotsOf(plan: Plan, results: ReadonlyMap<string, NodeResult>): string[] {
  const irreversible = plan.nodes.filter((node) => node.kind === 'activity' && node.irreversible);
  return irreversible.filter((node) => results.get(node.id)?.status === 'completed').map((node) => node.id);
}

/**
 * Is the run to be undone? Behind a pivot, and where the definition says so, it is held until an operator decides its failed node or
 * cancels it; an operator who asked for the undo has said so already.
 */
export async function mayUndo(
  context: RunContext,
  results: ReadonlyMap<string, NodeResult>,
  turn: Turn,
): Promise<boolean> {
  const why = whyHeld(context.plan, results, turn);
  if (why === undefined) return turn.compensate;
  await saveHeld(context.knex, context.facts.id, { cause: turn.cause, error: errorOf(turn), why });
  const id = stepId(ENGINE_RANGE, ENGINE_STEP.pivot);
  return await runStep(id, 'run decided at its pivot', async () => await untilDecided(context));
}

function whyHeld(plan: Plan, results: ReadonlyMap<string, NodeResult>, turn: Turn): string | undefined {
  if (!turn.compensate || turn.cause === 'cancel' || turn.takenBack) return undefined;
  const pivots = pivotsOf(plan, results);
  if (pivots.length > 0)
    return `held: ${pivots.join(', ')} cannot be taken back; decide the failed node, or cancel the run with compensation to undo the rest, or without to leave it`;
  if (turn.failure === null) return undefined;
  const { code, message } = turn.failure;
  if (plan.onFailure !== 'ask' && code !== APPROVAL_EXPIRED) return undefined;
  return `held: ${turn.at === null ? 'the run' : `"${turn.at}"`} failed with ${code} (${message}); decide it: retry, skip, done_by_hand or compensate; or cancel the run`;
}

// A decision that lets the run go on takes it away from here: its record is another then, and read anew.
async function untilDecided(context: RunContext): Promise<boolean> {
  const look = async (control: Control | undefined): Promise<boolean | undefined> => {
    await leaveIfTaken(context.knex);
    return control?.cancel?.compensate;
  };
  return await untilAsked(context, look);
}
