// When modules and runs are out of time, from recorded completions alone.
import { describe, expect, it } from 'vitest';
import { expiredModules, moduleDeadline, nextDeadline, runDeadline } from '../../src/runs/deadline.ts';
import { completed, resultsOf, skipped } from './a-result.ts';
import { moduleIn, planOf } from './plan-of.ts';

const STARTED = 1_000;
const SINCE = { startedAtMs: STARTED };
const plan = planOf(
  {
    research: { acts: ['a', 'b'], timeoutMs: 500 },
    write: { after: ['research'], acts: ['draft'], timeoutMs: 2_000 },
    ship: { after: ['write'], acts: ['mail'] },
  },
  { timeoutMs: 60_000 },
);
const researched = resultsOf({ 'research.a': completed(null, 1_300), 'research.b': skipped(1_200) });

describe('moduleDeadline', () => {
  it('counts from the start of the run where a module depends on nothing', () => {
    expect(moduleDeadline(plan, moduleIn(plan, 'research'), resultsOf(), SINCE)).toBe(1_500);
  });

  it('counts from the last completion of its dependencies', () => {
    expect(moduleDeadline(plan, moduleIn(plan, 'write'), researched, SINCE)).toBe(3_300);
  });

  it('does not run before all dependencies are settled', () => {
    const half = resultsOf({ 'research.a': completed(null, 1_300) });
    expect(moduleDeadline(plan, moduleIn(plan, 'write'), half, SINCE)).toBe(Number.POSITIVE_INFINITY);
  });

  it('does not run either while one of its activities waits for an activity elsewhere', () => {
    const across = planOf({ one: { acts: ['a'] }, two: { acts: [{ name: 'b', after: ['one.a'] }], timeoutMs: 500 } });
    const deadline = (results: Parameters<typeof moduleDeadline>[2]): number =>
      moduleDeadline(across, moduleIn(across, 'two'), results, SINCE);
    expect(deadline(resultsOf())).toBe(Number.POSITIVE_INFINITY);
    expect(deadline(resultsOf({ 'one.a': completed(null, 1_700) }))).toBe(2_200);
  });

  it('is never for a module without a timeout', () => {
    const results = new Map([...researched, ['write.draft', completed()] as const]);
    expect(moduleDeadline(plan, moduleIn(plan, 'ship'), results, SINCE)).toBe(Number.POSITIVE_INFINITY);
  });

  it('never counts from before the run started, whatever the record says', () => {
    const early = resultsOf({ 'research.a': completed(null, 10), 'research.b': completed(null, 20) });
    expect(moduleDeadline(plan, moduleIn(plan, 'write'), early, SINCE)).toBe(3_000);
  });
});

describe('after a decision', () => {
  it('a module has all of its time again, and the run no more than before', () => {
    const since = { startedAtMs: STARTED, decidedAtMs: 9_000 };

    expect(moduleDeadline(plan, moduleIn(plan, 'research'), resultsOf(), since)).toBe(9_500);
    expect(nextDeadline(plan, resultsOf(), since, 9_500)).toBe(61_000);
  });
});

describe('runDeadline', () => {
  it('counts from the start, and is never without a timeout', () => {
    expect(runDeadline(plan, STARTED)).toBe(61_000);
    expect(runDeadline(planOf({ work: { acts: ['a'] } }), STARTED)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('expiredModules', () => {
  const expired = (results: Parameters<typeof expiredModules>[1], nowMs: number): string[] =>
    expiredModules(plan, results, SINCE, nowMs).map(({ id }) => id);

  it('finds a module at the very instant of its deadline, and not before', () => {
    expect(expired(resultsOf(), 1_499)).toEqual([]);
    expect(expired(resultsOf(), 1_500)).toEqual(['research']);
  });

  it('passes over modules that are settled or not yet open', () => {
    expect(expired(researched, 3_299)).toEqual([]);
    expect(expired(researched, 3_300)).toEqual(['write']);
  });
});

describe('nextDeadline', () => {
  it('is the earliest of the open modules and the run', () => {
    expect(nextDeadline(plan, resultsOf(), SINCE, STARTED)).toBe(1_500);
    expect(nextDeadline(plan, researched, SINCE, STARTED)).toBe(3_300);
  });

  it('passes over what was dealt with already', () => {
    expect(nextDeadline(plan, resultsOf(), SINCE, 1_499)).toBe(1_500);
    expect(nextDeadline(plan, resultsOf(), SINCE, 1_500)).toBe(61_000);
    expect(nextDeadline(plan, resultsOf(), SINCE, 61_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is the run alone when no open module has a timeout, and never when the run has none either', () => {
    const results = new Map([...researched, ['write.draft', completed(null, 2_000)] as const]);
    expect(nextDeadline(plan, results, SINCE, STARTED)).toBe(61_000);
    expect(nextDeadline({ ...plan, timeoutMs: undefined }, results, SINCE, STARTED)).toBe(Number.POSITIVE_INFINITY);
  });
});
