// Which acts an earlier execution may have begun without recording an outcome (K7). Pure.
import type { ActivityNode, Plan, PlanNode } from '../definitions/index.ts';
import type { NodeResult } from './node-result.ts';

/** Was the node ready to start from the record alone, before this execution did anything? */
export function wasReady(node: PlanNode, recorded: ReadonlyMap<string, NodeResult>): boolean {
  return !recorded.has(node.id) && node.dependencies.every((id) => recorded.has(id));
}

/** Activities that were ready in the record and still have no outcome: each may have taken effect. */
export function suspectNodes(
  plan: Plan,
  recorded: ReadonlyMap<string, NodeResult>,
  results: ReadonlyMap<string, NodeResult>,
): ActivityNode[] {
  const activities = plan.nodes.filter((node) => node.kind === 'activity');
  return activities.filter((node) => wasReady(node, recorded) && !results.has(node.id));
}
