// What a verb would take back of a run, first to last, and what stays: told before it is asked for. Pure.
import type { Effect, RunGraph } from '../api/run-shapes.ts';

export interface UndoPreview {
  /** The members of one list may be taken back together. */
  readonly undone: readonly (readonly Effect[])[];
  /** Nothing takes them back. */
  readonly stays: readonly Effect[];
}

/** `among`: only these nodes. */
export function previewUndo(
  { nodes, compensationOrder, isCoded }: RunGraph,
  effects: readonly Effect[],
  among?: ReadonlySet<string>,
): UndoPreview {
  const wanted = effects.filter(({ stands, node }) => stands && (among?.has(node) ?? true));
  const isUndone = ({ takenBackBy }: Effect): boolean => takenBackBy !== undefined && takenBackBy !== 'irreversible';
  const undone = wanted.filter(isUndone);
  const depth = isCoded ? undefined : depthFromTheEnd(nodes);
  const groups =
    depth === undefined || compensationOrder === 'lifo'
      ? undone.toReversed().map((effect) => [effect])
      : [...Map.groupBy(undone, ({ node }) => depth.get(node) ?? 0)]
          .toSorted(([a], [b]) => a - b)
          .map(([, members]) => members);
  return { undone: groups, stays: wanted.filter((effect) => !isUndone(effect)) };
}

/** 0 of nodes on which nothing depends; of others one more than of whatever depends on them. */
function depthFromTheEnd(nodes: RunGraph['nodes']): ReadonlyMap<string, number> {
  const depth = new Map<string, number>();
  for (const { id, dependsOn } of nodes.toSorted((a, b) => b.wave - a.wave)) {
    const own = depth.get(id) ?? 0;
    depth.set(id, own);
    for (const each of dependsOn) depth.set(each, Math.max(depth.get(each) ?? 0, own + 1));
  }
  return depth;
}

/** The node and all that was built on it. */
export function withDescendants(nodes: RunGraph['nodes'], from: string): Set<string> {
  const found = new Set([from]);
  for (const { id, dependsOn } of nodes.toSorted((a, b) => a.wave - b.wave)) {
    if (dependsOn.some((each) => found.has(each))) found.add(id);
  }
  return found;
}
