// Durations as people write and read them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DURATION_MS, formatDuration, parseDuration } from '../../src/kernel/index.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const unit = fc.constantFrom(...(Object.keys(UNIT_MS) as (keyof typeof UNIT_MS)[]));

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['  30s ', 30_000],
    ['3650d', MAX_DURATION_MS],
  ])('reads %j as %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it('reads every whole number of every unit up to ten years, and nothing beyond', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), unit, (count, name) => {
        const ms = count * UNIT_MS[name];
        expect(parseDuration(`${count}${name}`)).toBe(ms <= MAX_DURATION_MS ? ms : undefined);
      }),
    );
  });

  it.each([
    '',
    '5',
    's',
    '-5s',
    '+5s',
    '5 s',
    '5sec',
    '5S',
    '1e3s',
    '.5s',
    '5.s',
    '1.2.3s',
    '1h30m',
    '٥s',
    '3651d',
    'Infinitys',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('gives whole milliseconds', () => {
    expect(parseDuration('0.0015s')).toBe(2);
    expect(parseDuration('1.0004s')).toBe(1_000);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [340, '340ms'],
    [999.4, '999ms'],
    [999.6, '1s'],
    [1_000, '1s'],
    [2_500, '2.5s'],
    [59_949, '59.9s'],
    [59_950, '1m'],
    [60_000, '1m'],
    [90_000, '1m 30s'],
    [3_599_999, '1h'],
    [5_400_000, '1h 30m'],
    [86_400_000, '1d'],
    [86_400_000 + 5 * 60_000, '1d'],
    [90_061_000, '1d 1h'],
  ])('says %d ms as %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('says back what a person wrote in one unit below the next', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(['ms', 1_000], ['s', 60], ['m', 60], ['h', 24], ['d', 3_650]),
        fc.nat(),
        ([name, limit], seed) => {
          const text = `${1 + (seed % (limit - 1))}${name}`;
          expect(formatDuration(parseDuration(text)!)).toBe(text);
        },
      ),
    );
  });

  it('is never off by more than the unit after the largest it names', () => {
    const error: Record<string, number> = { ms: 0.5, s: 50, m: 1_000, h: UNIT_MS.m, d: UNIT_MS.h };
    fc.assert(
      fc.property(fc.double({ min: 0, max: MAX_DURATION_MS, noNaN: true }), (ms) => {
        const parts = formatDuration(ms).split(' ');
        const said = parts.reduce((sum, part) => sum + parseDuration(part)!, 0);
        const largest = parts[0]!.replace(/[\d.]/g, '');
        expect(Math.abs(said - ms)).toBeLessThanOrEqual(error[largest]! + 0.001);
      }),
    );
  });

  it('never fills a unit up: 60 s is a minute', () => {
    const limit: Record<string, number> = { ms: 1_000, s: 60, m: 60, h: 24, d: Number.POSITIVE_INFINITY };
    fc.assert(
      fc.property(fc.double({ min: 0, max: 200_000_000, noNaN: true }), (ms) => {
        for (const part of formatDuration(ms).split(' ')) {
          const [, count, name] = /^([\d.]+)(\D+)$/.exec(part)!;
          expect(Number(count)).toBeLessThan(limit[name!]!);
        }
      }),
    );
  });
});
