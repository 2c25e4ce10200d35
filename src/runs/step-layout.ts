// Which step id means what inside a node's range (K5, K13). Stored: changing a number needs a new engine protocol.
import type { PlanNode } from '../definitions/index.ts';
import { stepId } from '../durable/index.ts';
import type { StepIds } from '../durable/index.ts';

/** An item of a `for_each` owns 64 ids: attempts 1-20, its undo from 32. */
export const ITEM_SIZE = 64;
export const ITEM_UNDO = 32;
/** A plain node: attempts 1-20, its undo from 2,048. */
export const NODE_UNDO = 2_048;
/** The first id of item 0 that no attempt uses: the `for_each` itself settles there. */
export const FOR_EACH_SETTLED = 63;

/** The ids of an act's attempts: attempt k is `base + k`. */
export function actIds(node: PlanNode, item?: number): StepIds {
  return item === undefined
    ? { base: node.range.base, size: NODE_UNDO }
    : { base: itemBase(node, item), size: ITEM_UNDO };
}

export function undoIds(node: PlanNode, item?: number): StepIds {
  if (item === undefined) return { base: stepId(node.range, NODE_UNDO), size: node.range.size - NODE_UNDO };
  return { base: itemBase(node, item) + ITEM_UNDO, size: ITEM_SIZE - ITEM_UNDO };
}

/** All that an item of a list records: its attempts and its undo. */
export function itemIds(node: PlanNode, item: number): StepIds {
  return { base: itemBase(node, item), size: ITEM_SIZE };
}

/** Where a node settles that is not settled by an attempt: skipped, never started, a wait, a whole `for_each`. */
export function settledId(node: PlanNode): number {
  return stepId(node.range, node.kind === 'activity' && node.forEach ? FOR_EACH_SETTLED : 0);
}

/** Opening an approval. */
export function openId(node: PlanNode): number {
  return stepId(node.range, 1);
}

/** The look of an approval at its deadline. */
export function expireId(node: PlanNode): number {
  return stepId(node.range, 2);
}

/** Visit v of a wait: two ids for taking the wake, one for looking, two for taking a user's message. */
export function visitIds(node: PlanNode, visit: number): StepIds {
  return { base: stepId(node.range, 16 + visit * 8), size: 8 };
}

function itemBase(node: PlanNode, item: number): number {
  return stepId(node.range, item * ITEM_SIZE);
}

/** The engine's own steps (ids below 4,096). */
export const ENGINE_STEP = { turn: 1, finish: 2, pivot: 3 } as const;

/** The engine's step of a coded workflow's first note; the others follow. */
export const FIRST_NOTE = 16;

/** What the undo of an act is called. */
export function undoStepName(act: string): string {
  return `undo ${act}`;
}

/** Of an undo's ids: the look for what an act of unknown outcome did. */
export const PROBE_OFFSET = 24;

/**
 * What a step at `offset` of a plain node's ids tells of the node: the name of its act, or that of its wait's opening. Undefined
 * where it tells nothing.
 */
export function ownerOfStep(offset: number, stepName: string): string | undefined {
  if (offset === 1) return stepName;
  if (offset < NODE_UNDO) return undefined;
  const undone = stepName.replace(/^undo /, '');
  return offset === NODE_UNDO + PROBE_OFFSET ? undone.replace(/ probe$/, '') : undone;
}
