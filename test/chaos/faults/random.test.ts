// The seeded random source: repeatable, within bounds, fair enough.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';

const anySeed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const firstOf = (seed: number, count = 20) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe('createRandom', () => {
  it('repeats itself for a seed and differs for its neighbour', () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        expect(firstOf(seed)).toEqual(firstOf(seed));
        expect(firstOf(seed)).not.toEqual(firstOf(seed + 1));
      }),
    );
  });

  it('keeps the sequence that plans were printed with', () => {
    expect(firstOf(42, 3).map((value) => value.toFixed(6))).toEqual(['0.601104', '0.448291', '0.852466']);
  });

  it('spreads evenly', () => {
    const random = createRandom(7);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let n = 0; n < 6_000; n++) counts[random.int(0, 5)]!++;

    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

describe('int', () => {
  it('stays between its ends and reaches both', () => {
    fc.assert(
      fc.property(anySeed, fc.integer({ min: -50, max: 50 }), fc.nat(3), (seed, min, span) => {
        const random = createRandom(seed);
        const drawn = Array.from({ length: 200 }, () => random.int(min, min + span));

        expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([min, min + span]);
      }),
    );
  });
});

describe('pick', () => {
  it('gives one of the items and refuses an empty list', () => {
    fc.assert(
      fc.property(anySeed, fc.array(fc.string(), { minLength: 1 }), (seed, items) => {
        expect(items).toContain(createRandom(seed).pick(items));
      }),
    );
    expect(() => createRandom(1).pick([])).toThrow(RangeError);
  });
});

describe('shuffle', () => {
  it('keeps every item, changes nothing in place and comes in every order', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 200; seed++) orders.add(createRandom(seed).shuffle(['a', 'b', 'c']).join(''));
    expect([...orders].toSorted()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);

    fc.assert(
      fc.property(anySeed, fc.array(fc.string()), (seed, items) => {
        const before = [...items];
        expect(createRandom(seed).shuffle(items).toSorted()).toEqual([...items].toSorted());
        expect(items).toEqual(before);
      }),
    );
  });
});
