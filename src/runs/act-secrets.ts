// Where the arguments of an act hold references to secrets that their author wrote. What an expression, an input or an operator put
// there is no reference, whatever it looks like. Pure.
import type { ActivityNode, CompensationPlan } from '../definitions/index.ts';
import { secretPlaces } from '../kernel/index.ts';
import type { JsonObject, SecretPlace } from '../kernel/index.ts';
import type { ResolvedCompensation, ResolvedNode } from './run-activity.ts';

export function secretsOf(node: ActivityNode | ResolvedNode): readonly SecretPlace[] {
  return 'args' in node ? node.secrets : secretPlaces(node.with);
}

/** Of an undo with these arguments. Those that an adapter makes may repeat the references of the act, and no others. */
export function secretsOfUndo(
  node: ActivityNode | ResolvedNode,
  compensation: CompensationPlan | ResolvedCompensation,
  args: JsonObject,
): readonly SecretPlace[] {
  if ('args' in compensation) return compensation.secrets;
  if (compensation.with !== undefined) return secretPlaces(compensation.with);
  const own = new Set(secretsOf(node).map(({ name }) => name));
  return secretPlaces(args).filter(({ name }) => own.has(name));
}
