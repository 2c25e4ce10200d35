// From samples to rows: medians of each side, the ratio between them, what is absent stays absent.
import { describe, expect, it } from 'vitest';
import { summarize } from '../../bench/report.ts';
import type { Kind, Sample } from '../../bench/report.ts';
import type { Row } from '../../bench/rows.ts';

const rows: readonly Row[] = [
  { name: 'speed', unit: 'steps/s', better: 'more', what: '' },
  { name: 'delay_ms', unit: 'ms', better: 'less', what: '' },
];

function samplesOf(kind: Kind, name: string, values: readonly number[]): Sample[] {
  return values.map((value, repeat) => ({ kind, repeat, figures: { [name]: value } }));
}

describe('summarize', () => {
  it('divides our median by that of raw DBOS', () => {
    const samples = [
      ...samplesOf('breakwater', 'speed', [500, 700, 600]),
      ...samplesOf('dbos', 'speed', [90, 110, 100]),
    ];

    expect(summarize(rows, samples)).toMatchObject([
      { name: 'speed', unit: 'steps/s', breakwater: 600, dbos: 100, ratio: 6, repeats: 3 },
    ]);
  });

  it('takes the spread of the ratios, so that a slow minute which hit both sides does not count', () => {
    const samples = [...samplesOf('breakwater', 'speed', [600, 300]), ...samplesOf('dbos', 'speed', [100, 50])];

    expect(summarize(rows, samples)[0]?.spread).toBe(0);
  });

  it('has no ratio where one side is missing', () => {
    const samples = samplesOf('breakwater', 'delay_ms', [4, 5, 6]);

    expect(summarize(rows, samples)).toEqual([
      { name: 'delay_ms', unit: 'ms', breakwater: 5, dbos: null, ratio: null, repeats: 3, spread: 0.4 },
    ]);
  });

  it('gives a limit beside the others, and alone', () => {
    const samples = [...samplesOf('limit', 'speed', [1_000]), ...samplesOf('limit', 'delay_ms', [1, 3])];

    expect(summarize(rows, samples)).toMatchObject([
      { name: 'speed', breakwater: null, dbos: null, limit: 1_000, ratio: null },
      { name: 'delay_ms', limit: 2, spread: 1 },
    ]);
  });

  it('leaves out what was not measured and keeps the order of the catalog', () => {
    const samples = [...samplesOf('dbos', 'delay_ms', [1]), ...samplesOf('dbos', 'speed', [1])];

    expect(summarize(rows, samples).map(({ name }) => name)).toEqual(['speed', 'delay_ms']);
    expect(summarize(rows, [])).toEqual([]);
  });
});
