// Orders of appends that fit one history, and some that do not.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendOrderCycle } from './append-order.ts';

const ORDER = ['one', 'two', 'three'];

describe('appendOrderCycle', () => {
  it('finds none in what really happened one after the other', () => {
    const happened = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.infiniteStream(fc.nat(5)), fc.infiniteStream(fc.constantFrom('p', 'q')))
      .map(([runs, picks, lists]) => {
        const next = Array.from({ length: runs }, () => 0);
        const lengths = new Map<string, number>();
        const entries = [];
        while (next.some((done) => done < ORDER.length)) {
          const run = Number(picks.next().value) % runs;
          const node = ORDER[next[run] ?? 0];
          if (node === undefined) continue;
          next[run] = (next[run] ?? 0) + 1;
          const list = String(lists.next().value);
          lengths.set(list, (lengths.get(list) ?? 0) + 1);
          entries.push({ list, position: lengths.get(list) ?? 0, run: `run${run}`, node });
        }
        return entries;
      });
    fc.assert(
      fc.property(happened, (entries) => {
        expect(appendOrderCycle(entries, ORDER)).toBeUndefined();
      }),
    );
  });

  it('names a circle in its order, without what merely leads to it', () => {
    const entries = [
      { list: 'p', position: 1, run: 'before', node: 'one' },
      { list: 'p', position: 2, run: 'x', node: 'two' },
      { list: 'p', position: 3, run: 'x', node: 'one' },
      { list: 'q', position: 1, run: 'after', node: 'one' },
    ];

    expect(appendOrderCycle(entries, ORDER)?.slice(1).toSorted()).toEqual(['x/one', 'x/two']);
  });
});
