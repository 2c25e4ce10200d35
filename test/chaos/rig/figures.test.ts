// The arithmetic of what a chaos run measures.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostAtOnce, spreadOf } from './figures.ts';

describe('spreadOf', () => {
  it('takes the value that so many are not above', () => {
    expect(spreadOf(Array.from({ length: 100 }, (_, index) => 100 - index))).toEqual({
      count: 100,
      p50: 50,
      p95: 95,
      p99: 99,
      max: 100,
    });
  });

  it('is ordered, and of nothing is zero', () => {
    expect(spreadOf([])).toEqual({ count: 0, p50: 0, p95: 0, p99: 0, max: 0 });
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (values) => {
        const { p50, p95, p99, max } = spreadOf(values);

        expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((a, b) => a - b));
        expect(max).toBe(Math.max(...values));
      }),
    );
  });
});

describe('mostAtOnce', () => {
  it('does not count one that ends as another begins', () => {
    expect(
      mostAtOnce([
        { from: 0, until: 5 },
        { from: 5, until: 9 },
      ]),
    ).toBe(1);
  });

  it('finds the most that hold the beginning of one of them', () => {
    const interval = fc
      .record({ from: fc.nat(100), length: fc.integer({ min: 1, max: 30 }) })
      .map(({ from, length }) => ({ from, until: from + length }));
    fc.assert(
      fc.property(fc.array(interval), (intervals) => {
        const counts = intervals.map(
          ({ from }) => intervals.filter((each) => each.from <= from && each.until > from).length,
        );

        expect(mostAtOnce(intervals)).toBe(Math.max(0, ...counts));
      }),
    );
  });
});
