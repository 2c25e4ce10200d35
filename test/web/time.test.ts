// Times and durations as people read them, and the line on which a run's time is drawn.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeScale, type Span } from '../../web/src/model/time-scale.ts';
import { clockText, durationText, relativeText } from '../../web/src/model/time.ts';

describe('durationText', () => {
  it.each([
    [-5, '0 ms'],
    [830, '830 ms'],
    [4_290, '4.2 s'],
    [59_999, '59 s'],
    [190_000, '3 m 10 s'],
    [180_000, '3 m'],
    [7_260_000, '2 h 1 m'],
    [187_200_000, '2 d 4 h'],
  ])('reads %i ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

describe('relativeText', () => {
  it.each([
    [0, 'just now'],
    [-1_500, 'just now'],
    [12_000, '12 s ago'],
    [-10_800_000, 'in 3 h'],
    [200_000_000, '2 d ago'],
  ])('reads what is %i ms past as %s', (ms, text) => {
    expect(relativeText(1_000_000_000_000 - ms, 1_000_000_000_000)).toBe(text);
  });
});

it('tells a time in the zone of the reader', () => {
  expect(clockText(Date.parse('2026-11-21T23:30:05Z'), 60)).toBe('2026-11-22 00:30:05');
});

const HOUR = 3_600_000;
const spans = fc.array(
  fc.tuple(fc.integer({ min: 0, max: HOUR * 0.9 }), fc.integer({ min: 1, max: HOUR / 50 })).map(([fromMs, ms]) => ({
    fromMs,
    toMs: fromMs + ms,
  })),
  { maxLength: 12 },
);

describe('timeScale', () => {
  it('goes from 0 to 1 and never back, and draws a pause shorter than it draws what is done', () => {
    fc.assert(
      fc.property(spans, fc.array(fc.integer({ min: 0, max: HOUR })), (busy, times) => {
        const { at, gaps } = timeScale({ fromMs: 0, toMs: HOUR }, busy);
        const places = times.toSorted((a, b) => a - b).map(at);

        expect(at(0)).toBe(0);
        expect(at(HOUR)).toBeCloseTo(1, 9);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        for (const gap of gaps)
          for (const { fromMs, toMs } of busy)
            expect((gap.to - gap.from) / (gap.toMs - gap.fromMs)).toBeLessThan(
              (at(toMs) - at(fromMs)) / (toMs - fromMs),
            );
      }),
    );
  });

  it('draws a day of waiting short, and what was done to scale', () => {
    const day: Span = { fromMs: 0, toMs: 24 * HOUR };
    const { at, gaps } = timeScale(day, [
      { fromMs: 0, toMs: 1_000 },
      { fromMs: 24 * HOUR - 1_000, toMs: 24 * HOUR },
    ]);

    expect(gaps).toMatchObject([{ fromMs: 1_000, toMs: 24 * HOUR - 1_000 }]);
    expect(at(1_000)).toBeCloseTo(0.475, 3);
    expect(at(500)).toBeCloseTo(at(1_000) / 2, 6);
  });

  it('leaves a run alone that does nothing but wait', () => {
    expect(timeScale({ fromMs: 0, toMs: HOUR }, [])).toMatchObject({ gaps: [] });
  });
});
