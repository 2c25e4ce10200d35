// Medians and spread, over all lists that properties can think of.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, percentile, spread } from '../../bench/statistics.ts';

const figures = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 });

describe('median', () => {
  it('is the middle of an odd number of values, in whatever order they come', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('is no number without values', () => {
    expect(median([])).toBeNaN();
  });
});

describe('percentile', () => {
  it('interpolates between neighbours', () => {
    expect(percentile([10, 20, 30, 40, 50], 0.95)).toBeCloseTo(48);
  });

  it('begins at the smallest value and ends at the largest', () => {
    fc.assert(
      fc.property(figures, (values) => {
        expect(percentile(values, 0)).toBe(Math.min(...values));
        expect(percentile(values, 1)).toBe(Math.max(...values));
      }),
    );
  });

  it('never falls as the fraction grows', () => {
    fc.assert(
      fc.property(figures, fc.double({ min: 0, max: 1, noNaN: true }), (values, fraction) => {
        expect(percentile(values, fraction)).toBeGreaterThanOrEqual(percentile(values, fraction / 2) * (1 - 1e-12));
      }),
    );
  });

  it('leaves the list as it was', () => {
    const values = [3, 1, 2];

    percentile(values, 0.5);

    expect(values).toEqual([3, 1, 2]);
  });
});

describe('spread', () => {
  it('is the distance of the extremes in medians', () => {
    expect(spread([90, 100, 120])).toBeCloseTo(0.3);
  });

  it('is nothing for a single value and for a median of nothing', () => {
    expect([spread([7]), spread([-1, 0, 1])]).toEqual([0, 0]);
  });

  it('does not depend on the unit', () => {
    fc.assert(
      // By a power of two, which rounds nothing.
      fc.property(figures, (values) => {
        expect(spread(values.map((value) => value * 1_024))).toBe(spread(values));
      }),
    );
  });
});
