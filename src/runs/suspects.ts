// Which acts an earlier execution may have begun without recording an outcome (K7). Pure.
import type { ActivityNode, Plan, PlanNode } from '../definitions/index.ts';
import { isJsonObject } from '../kernel/index.ts';
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
  const barring = new Set(plan.nodes.filter((node) => letsNothingBegin(node, recorded)).map(({ id }) => id));
  const mayHaveBegun = activities.filter(({ dependencies }) => !dependencies.some((id) => barring.has(id)));
  return mayHaveBegun.filter((node) => wasReady(node, recorded) && !isClear(node, results.get(node.id)));
}

// What people refused, or sent back, was never the beginning of anything.
function letsNothingBegin(node: PlanNode, recorded: ReadonlyMap<string, NodeResult>): boolean {
  const value = node.kind === 'approval' ? recorded.get(node.id)?.value : undefined;
  if (value === undefined || !isJsonObject(value)) return false;
  const { decision } = value;
  return decision === 'request_changes' || (decision === 'reject' && !node.optional);
}

// A list that was cut short is settled before all of its items are; where it is optional, it even shows as completed.
function isClear(node: ActivityNode, result: NodeResult | undefined): boolean {
  if (!result || !node.forEach) return result !== undefined;
  return result.status === 'skipped' || (result.status === 'completed' && !node.optional);
}
