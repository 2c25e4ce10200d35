// What one evaluation may cost, counted in steps and not in time, so that the same expression on the same data always ends the same way.
import { isCelList, isCelMap } from '@bufbuild/cel';
import type { CelValue } from '@bufbuild/cel';

/** About half a second on a slow machine; filtering a list of 16,384 items takes a fifth of it. */
const EXPRESSION_BUDGET = 1_000_000;

// Evaluation is synchronous, so one counter serves.
let left = 0;

export function withBudget<T>(evaluate: () => T): T {
  left = EXPRESSION_BUDGET;
  return evaluate();
}

/** Throws once the budget is used up, and at every call after that: no loop outlives it. */
export function spend(steps: number): void {
  left -= steps;
  if (left < 0) throw new Error('the expression does too much work on this data');
}

/** Steps for a value that is looked at as a whole but not entered. */
export function shallowCost(value: CelValue | undefined): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length / 64 : 0;
}

/** Steps for a value that is compared member by member; spends as it goes, so that measuring is bounded too. */
export function spendDeep(value: CelValue): void {
  spend(1 + shallowCost(value));
  if (isCelList(value)) for (const item of value) spendDeep(item);
  if (!isCelMap(value)) return;
  for (const [key, member] of value) {
    spend(1 + shallowCost(key));
    spendDeep(member);
  }
}
