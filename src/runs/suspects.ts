// Which acts an earlier execution may have begun without recording an outcome (K7). Pure.
import type { ActivityNode, Plan, PlanNode } from '../definitions/index.ts';
import type { NodeResult } from './node-result.ts';

/** Was the node ready to start from the record alone, before this execution did anything? */
export function wasReady(node: PlanNode, recorded: ReadonlyMap<string, NodeResult>): boolean {
  return !recorded.has(node.id) && node.dependencies.every((id) => recorded.has(id));
}

/** Activities that were ready in the record and of which an act may still have no outcome: it may have taken effect. */
export function suspectNodes(
  plan: Plan,
  recorded: ReadonlyMap<string, NodeResult>,
  results: ReadonlyMap<string, NodeResult>,
): ActivityNode[] {
  const activities = plan.nodes.filter((node) => node.kind === 'activity');
  return activities.filter((node) => wasReady(node, recorded) && !isClear(node, results.get(node.id)));
}

// A list that was cut short is settled before all of its items are; where it is optional, it even shows as completed.
function isClear(node: ActivityNode, result: NodeResult | undefined): boolean {
  if (!result || !node.forEach) return result !== undefined;
  return result.status === 'skipped' || (result.status === 'completed' && !node.optional);
}
