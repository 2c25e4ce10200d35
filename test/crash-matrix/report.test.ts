// What a person reads of a crash test.
import { describe, expect, it } from 'vitest';
import { passed } from '../../src/crash-test/matrix.ts';
import type { MatrixResult, Verdict } from '../../src/crash-test/matrix.ts';
import { summaryText, verdictLine } from '../../src/crash-test/report.ts';

const good: Verdict = { scenario: 'flow', boundary: 'done write', ok: true, problems: [], ms: 4_120 };
const bad: Verdict = { ...good, ok: false, problems: ['status: "failed" instead of "succeeded"'] };
const result = (verdicts: readonly Verdict[]): MatrixResult => ({
  boundaries: verdicts.length,
  same: verdicts.filter(({ ok }) => ok).length,
  verdicts,
  ms: 61_000,
});

describe('a crash test', () => {
  it('tells of each case as it ends', () => {
    expect(verdictLine(good, { done: 7, of: 120 })).toBe('  7/120 ok     4.1 s  flow: done write');
    expect(verdictLine(bad, { done: 8, of: 120 })).toBe(
      '  8/120 FAIL   4.1 s  flow: done write\n       status: "failed" instead of "succeeded"',
    );
  });

  it('ends with one line of figures', () => {
    expect(summaryText(result([good, good]))).toBe('2 boundaries, 2 ended as without faults, in 1m 1s\n');
  });

  it('lists what failed', () => {
    expect(summaryText(result([good, bad]))).toBe(
      'flow: done write\n  status: "failed" instead of "succeeded"\n2 boundaries, 1 ended as without faults, in 1m 1s: FAILED\n',
    );
  });

  it('says so where there was nothing to kill', () => {
    expect(summaryText(result([]))).toBe('There was no boundary to kill at: FAILED\n');
  });

  it('has not passed where nothing was killed', () => {
    expect([passed(result([good])), passed(result([good, bad])), passed(result([]))]).toEqual([true, false, false]);
  });
});
