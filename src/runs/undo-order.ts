// Which acts are taken back, and which undo waits for which: dependents before what they depend on. Pure.
import type { ActivityNode, Plan } from '../definitions/index.ts';

/** One act to take back: a node, or one item of a `for_each`. */
export interface UndoItem {
  readonly node: ActivityNode;
  readonly item?: number;
  /** The act's result, or undefined when its outcome is unknown. */
  readonly known: boolean;
  readonly finishedAtMs: number;
}

/** An undo and the undos that must be settled before it starts. */
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

function reverseGraph(undos: readonly UndoItem[]): UndoStep[] {
  return undos.map((undo) => ({
    id: undoId(undo),
    undo,
    after: undos.filter((other) => other.node.ancestors.includes(undo.node.id)).map(undoId),
  }));
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
