// Which step id means what: stored numbers, so nothing may overlap and nothing may move.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LIST_ITEMS } from '../../src/definitions/index.ts';
import { ENGINE_RANGE, stepId } from '../../src/durable/index.ts';
import { MAX_ATTEMPTS } from '../../src/runs/fold-record.ts';
import { ENGINE_STEP, actIds, expireId, openId, settledId, undoIds, visitIds } from '../../src/runs/step-layout.ts';
import { activityIn, nodeIn, planOf } from './plan-of.ts';

const plan = planOf({
  work: { acts: ['plain', { name: 'each', forEach: { cel: 'input.list' } }, 'next'] },
  review: { approval: {} },
  signed: { wait: { kind: 'message', topic: 't' } },
});
const plain = activityIn(plan, 'work.plain');
const each = activityIn(plan, 'work.each');

/** Attempts count from 1; an undo's probe begins at offset 24 and is tried as often. */
const PROBE_OFFSET = 24;

function attemptsOf(ids: { base: number; size: number }): number[] {
  return Array.from({ length: MAX_ATTEMPTS }, (_, place) => stepId(ids, place + 1));
}

describe('the ids of a node', () => {
  it('stay what they have always been, as every stored run was written by them', () => {
    expect(plain.range).toEqual({ base: 4_096, size: 4_096 });
    expect(actIds(plain)).toEqual({ base: 4_096, size: 2_048 });
    expect(undoIds(plain)).toEqual({ base: 6_144, size: 2_048 });
    expect(settledId(plain)).toBe(4_096);
    expect(each.range).toEqual({ base: 8_192, size: 1_048_576 });
    expect(actIds(each, 3)).toEqual({ base: 8_384, size: 32 });
    expect(undoIds(each, 3)).toEqual({ base: 8_416, size: 32 });
    expect(settledId(each)).toBe(8_255);
    expect(ENGINE_STEP).toEqual({ turn: 1, finish: 2, pivot: 3 });
  });

  it('of an approval or a wait keep opening, expiry, settlement and visits apart', () => {
    const review = nodeIn(plan, 'review');
    const { base } = review.range;
    expect([settledId(review), openId(review), expireId(review)]).toEqual([base, base + 1, base + 2]);
    expect([0, 1, 2].map((visit) => visitIds(review, visit))).toEqual([
      { base: base + 16, size: 8 },
      { base: base + 24, size: 8 },
      { base: base + 32, size: 8 },
    ]);
  });

  it('leave room for every attempt of a plain act and of its undo', () => {
    const all = [settledId(plain), ...attemptsOf(actIds(plain)), undoIds(plain).base, ...attemptsOf(undoIds(plain))];
    expect(new Set(all).size).toBe(all.length);
  });

  it('leave room for every attempt of every item, of its undo, and for the end of the whole list', () => {
    fc.assert(
      fc.property(fc.nat({ max: MAX_LIST_ITEMS - 1 }), fc.nat({ max: MAX_LIST_ITEMS - 1 }), (one, other) => {
        const items = [...new Set([0, one, other])];
        const all = [settledId(each), ...items.flatMap(idsOfItem)];
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it('never leave the range of the node, the last item included', () => {
    const end = each.range.base + each.range.size;
    expect(Math.max(...idsOfItem(MAX_LIST_ITEMS - 1))).toBeLessThan(end);
    expect(() => actIds(each, MAX_LIST_ITEMS)).toThrow(RangeError);
    expect(() => undoIds(each, MAX_LIST_ITEMS)).toThrow(RangeError);
    expect(activityIn(plan, 'work.next').range.base).toBe(end);
  });

  it("refuse a visit beyond the range: a neighbour's result must never be read", () => {
    const review = nodeIn(plan, 'review');
    const last = visitIds(review, 509);
    expect(last.base + last.size).toBe(review.range.base + review.range.size);
    expect(() => visitIds(review, 510)).toThrow(RangeError);
  });

  it('refuse an item to a node that has no list', () => {
    expect(() => actIds(plain, 64)).toThrow(RangeError);
  });
});

describe('the ids of the engine', () => {
  it('lie in its own range, and never at 0', () => {
    const ids = Object.values(ENGINE_STEP).map((offset) => stepId(ENGINE_RANGE, offset));
    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.min(...ids)).toBeGreaterThan(0);
    expect(Math.max(...ids)).toBeLessThan(plain.range.base);
  });
});

function idsOfItem(item: number): number[] {
  const [act, undo] = [actIds(each, item), undoIds(each, item)];
  return [act.base, ...attemptsOf(act), undo.base, ...attemptsOf(undo), stepId(undo, PROBE_OFFSET)];
}
