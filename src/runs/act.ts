// The acts of an activity node: one, or one an item of its list, each with its name and the scope of its arguments. Pure.
import { evaluateList } from '../definitions/index.ts';
import type { ActivityNode, Scope } from '../definitions/index.ts';
import { FailureError } from '../kernel/index.ts';

export interface NodeAct {
  /** `<node>`, or `<node>[<item>]`: what its checkpoints are called. */
  readonly name: string;
  readonly item?: number;
  readonly scope: Scope;
}

export function actName(node: ActivityNode, item: number | undefined): string {
  return item === undefined ? node.id : `${node.id}[${item}]`;
}

/** The list is a pure function of recorded outcomes, so it may be evaluated anew at any time; one that fails had no items. */
export function actsOf(node: ActivityNode, scope: Scope): NodeAct[] {
  if (!node.forEach) return [{ name: node.id, scope }];
  try {
    return evaluateList(node.forEach, scope).map((value, item) => ({
      name: actName(node, item),
      item,
      scope: { ...scope, item: value, index: item },
    }));
  } catch (error) {
    if (error instanceof FailureError) return [];
    throw error;
  }
}
