// Step ids: every node its own, in document order, never past 2^31.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIRST_NODE_STEP,
  FOR_EACH_NODE_STEPS,
  PLAIN_NODE_STEPS,
  STEP_LIMIT,
  allocateRanges,
} from '../../src/definitions/ranges.ts';

const nodes = (plain: number, fanOuts: number) => [
  ...Array.from({ length: fanOuts }, () => ({ fansOut: true })),
  ...Array.from({ length: plain }, () => ({ fansOut: false })),
];

describe('allocateRanges', () => {
  it('gives neighbours that never touch', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ fansOut: fc.boolean() }), { maxLength: 500 }), (list) => {
        const ranges = allocateRanges(list) ?? [];

        expect(ranges).toHaveLength(list.length);
        let next = FIRST_NODE_STEP;
        for (const [index, { base, size }] of ranges.entries()) {
          expect(base).toBe(next);
          expect(size).toBe(list[index]?.fansOut ? FOR_EACH_NODE_STEPS : PLAIN_NODE_STEPS);
          next = base + size;
        }
        expect(next).toBeLessThanOrEqual(STEP_LIMIT);
      }),
    );
  });

  it('holds 2,047 fan-outs and 255 plain nodes, and not one node more', () => {
    expect(allocateRanges(nodes(255, 2_047))?.at(-1)).toEqual({
      base: STEP_LIMIT - PLAIN_NODE_STEPS,
      size: PLAIN_NODE_STEPS,
    });
    expect(allocateRanges(nodes(256, 2_047))).toBeUndefined();
    expect(allocateRanges(nodes(0, 2_048))).toBeUndefined();
  });

  it('keeps 64 steps for each of 16,384 items', () => {
    expect(FOR_EACH_NODE_STEPS).toBe(16_384 * 64);
  });
});
