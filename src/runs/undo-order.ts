// Which acts are taken back, and which undo waits for which: dependents before what they depend on. Pure.
import type { ActivityNode, ChildNode, Plan } from '../definitions/index.ts';

/** One act to take back: a node, one item of a `for_each`, or a whole child run. */
export interface UndoItem {
  readonly node: ActivityNode | ChildNode;
  readonly item?: number;
  /** The act's result, or undefined when its outcome is unknown. */
  readonly known: boolean;
  readonly finishedAtMs: number;
}

/** An undo and the undos that must be settled before it starts. All items of a list share one `after`. */
export interface UndoStep {
  readonly id: string;
  readonly undo: UndoItem;
  readonly after: readonly string[];
}

export function undoId(undo: UndoItem): string {
  return undo.item === undefined ? undo.node.id : `${undo.node.id}[${undo.item}]`;
}

/**
 * `reverse_graph`: an undo waits for the undos of everything that was built on it; siblings go together.
 * `lifo`: one by one, the act that finished last first; equals by later place in the document.
 */
export function orderUndos(plan: Plan, undos: readonly UndoItem[]): UndoStep[] {
  return plan.compensationOrder === 'lifo' ? lifo(undos) : reverseGraph(undos);
}

// By node: a list of thousands waits as one.
function reverseGraph(undos: readonly UndoItem[]): UndoStep[] {
  const byNode = Map.groupBy(undos, ({ node }) => node);
  const idsAfter = (id: string): string[] =>
    [...byNode].flatMap(([node, own]) => (node.ancestors.includes(id) ? own.map(undoId) : []));
  const after = new Map([...byNode.keys()].map((node) => [node, idsAfter(node.id)]));
  return undos.map((undo) => ({ id: undoId(undo), undo, after: after.get(undo.node) ?? [] }));
}

function lifo(undos: readonly UndoItem[]): UndoStep[] {
  const sorted = undos.toSorted(
    (a, b) => b.finishedAtMs - a.finishedAtMs || b.node.index - a.node.index || (b.item ?? 0) - (a.item ?? 0),
  );
  return sorted.map((undo, position) => ({
    id: undoId(undo),
    undo,
    after: position === 0 ? [] : [undoId(sorted[position - 1]!)],
  }));
}

/** Which undos may start as others settle. */
export interface UndoQueue {
  /** Those that wait for nothing. */
  readonly first: readonly UndoStep[];
  /** Those that waited for this one last. */
  settle(id: string): readonly UndoStep[];
}

interface Group {
  left: number;
  readonly steps: UndoStep[];
}

/** Each undo is looked at a few times, not once for every other. */
export function queueUndos(steps: readonly UndoStep[]): UndoQueue {
  const groups = new Map<readonly string[], Group>();
  const waiting = new Map<string, Group[]>();
  for (const step of steps) {
    const known = groups.get(step.after);
    if (known) known.steps.push(step);
    else open(step);
  }
  function open(step: UndoStep): void {
    const group = { left: step.after.length, steps: [step] };
    groups.set(step.after, group);
    for (const id of step.after) waiting.set(id, [...(waiting.get(id) ?? []), group]);
  }
  return {
    first: [...groups.values()].flatMap(({ left, steps: own }) => (left === 0 ? own : [])),
    settle: (id) => (waiting.get(id) ?? []).flatMap((group) => (--group.left === 0 ? group.steps : [])),
  };
}
