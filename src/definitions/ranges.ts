// Which step ids a node owns (K5). Fixed by the document alone, so that a replay finds every result whatever ran first.
import type { StepRange } from './plan.ts';

/** Steps below belong to the engine. */
export const FIRST_NODE_STEP = 4_096;
export const PLAIN_NODE_STEPS = 4_096;
/** 16,384 items of 64 steps. */
export const FOR_EACH_NODE_STEPS = 2 ** 20;
/** Step ids are 32-bit integers in the table. */
export const STEP_LIMIT = 2 ** 31;

/** One range a node, in document order; undefined when they do not fit. */
export function allocateRanges(nodes: readonly { readonly fansOut: boolean }[]): readonly StepRange[] | undefined {
  let base = FIRST_NODE_STEP;
  const ranges = nodes.map(({ fansOut }) => {
    const range = { base, size: fansOut ? FOR_EACH_NODE_STEPS : PLAIN_NODE_STEPS };
    base += range.size;
    return range;
  });
  return base <= STEP_LIMIT ? ranges : undefined;
}
