// The order of facts: total, told by ids alone, and the same however they came.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PHASE, compareIds, factOf, inOrder, isFactId } from '../../../src/runs/history-view/fact.ts';
import type { Draft } from '../../../src/runs/history-view/fact.ts';

const drafts: fc.Arbitrary<Draft> = fc.record({
  atMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_003 }),
  phase: fc.constantFrom(...Object.values(PHASE)),
  depth: fc.nat(3),
  part: fc.nat(3),
  number: fc.nat(12),
  kind: fc.constant('activity.started'),
});

describe('inOrder', () => {
  it('gives the same order whichever order they come in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(drafts, { selector: (draft) => factOf(draft).id, maxLength: 12 }), (given) => {
        const ids = inOrder(given.map(factOf)).map(({ id }) => id);

        expect(inOrder(given.toReversed().map(factOf)).map(({ id }) => id)).toEqual(ids);
        expect(ids.toSorted(compareIds)).toEqual(ids);
      }),
    );
  });

  it('puts what happened earlier first, whatever it was', () => {
    const late = factOf({ atMs: 1_000, phase: PHASE.start, kind: 'run.started' });
    const early = factOf({ atMs: 999, phase: PHASE.finish, kind: 'run.finished' });

    expect(inOrder([late, early])).toEqual([early, late]);
  });

  it('tells the end of a node before the readiness of what depends on it, within one millisecond', () => {
    const ready = factOf({ atMs: 5, phase: PHASE.node, depth: 1, part: 0, kind: 'activity.scheduled' });
    const done = factOf({ atMs: 5, phase: PHASE.node, depth: 0, part: 3, kind: 'activity.completed' });

    expect(inOrder([ready, done])).toEqual([done, ready]);
  });
});

describe('isFactId', () => {
  it.each(['', '1', '1.2.3.4.5.6', 'a.b.c.d.e', '1.2.3.4.-5', "1.2.3.4.5'"])('is false of %j', (text) => {
    expect(isFactId(text)).toBe(false);
  });

  it('is true of what a fact has', () => {
    expect(
      isFactId(factOf({ atMs: 1_795_292_745_478, phase: PHASE.node, depth: 12, number: 2 ** 31, kind: 'x' }).id),
    ).toBe(true);
  });
});
