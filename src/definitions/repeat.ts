// What is done again when a run goes back: a module, or a node, and all that was built on it. Pure.
import type { PlanNode } from './plan.ts';

/** Ids of the nodes that `from`, a node's or a module's id, has repeated. */
export function repeatedFrom(
  nodes: readonly Pick<PlanNode, 'id' | 'module' | 'ancestors'>[],
  from: string,
): ReadonlySet<string> {
  const begun = nodes.filter(({ id, module }) => id === from || module === from).map(({ id }) => id);
  const after = nodes.filter(({ ancestors }) => begun.some((id) => ancestors.includes(id)));
  return new Set([...begun, ...after.map(({ id }) => id)]);
}
