// The table as a reader sees it.
import { describe, expect, it } from 'vitest';
import type { ReportRow } from '../../bench/report.ts';
import type { Row } from '../../bench/rows.ts';
import { formatTable } from '../../bench/table.ts';

const rows: readonly Row[] = [
  { name: 'speed', unit: 'steps/s', better: 'more', what: '' },
  { name: 'delay_ms', unit: 'ms', better: 'less', what: '' },
];

const line = (over: Partial<ReportRow>): ReportRow => ({
  name: 'speed',
  unit: 'steps/s',
  breakwater: 6_012.4,
  dbos: 1_002.1,
  ratio: 6,
  repeats: 5,
  spread: 0.123,
  ...over,
});

describe('formatTable', () => {
  it('puts the ratio first and lines the columns up', () => {
    const table = formatTable(rows, [
      line({ limit: 14_000 }),
      line({ name: 'delay_ms', unit: 'ms', breakwater: 8.25, dbos: 15.81, ratio: 0.522 }),
    ]);

    expect(table.split('\n')).toEqual([
      'row       ours / DBOS  Breakwater   DBOS   limit  unit     repeats  spread',
      'speed            6.00       6,012  1,002  14,000  steps/s        5    12 %',
      'delay_ms         0.52        8.25   15.8       -  ms             5    12 %',
    ]);
  });

  it('marks what is worse than raw DBOS, whichever way is good', () => {
    const table = formatTable(rows, [line({ ratio: 0.9 }), line({ name: 'delay_ms', ratio: 1.1 })]);

    expect(table).toMatch(/speed +! 0\.90/);
    expect(table).toMatch(/delay_ms +! 1\.10/);
  });

  it('shows a dash for what there is not', () => {
    const table = formatTable(rows, [line({ breakwater: null, ratio: null })]);

    expect(table).toMatch(/speed +- +- +1,002 +- +steps\/s/);
  });
});
