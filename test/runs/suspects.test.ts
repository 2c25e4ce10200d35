// Which acts an execution that died may have begun.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suspectNodes, wasReady } from '../../src/runs/suspects.ts';
import { completed, completedInOrder, failed, resultsOf } from './a-result.ts';
import { nodeIn, planOf } from './plan-of.ts';
import { scenarios } from './scenarios.ts';
import { timesOf, walk } from './walk.ts';

const plan = planOf({
  work: { acts: ['a', 'b', { name: 'c', after: ['a'] }, { name: 'd', after: ['a', 'b'] }] },
  review: { approval: {} },
});

describe('wasReady', () => {
  it('is true of a node whose dependencies are recorded and that is not', () => {
    const recorded = completedInOrder('work.a');
    const ready = plan.nodes.filter((node) => wasReady(node, recorded)).map(({ id }) => id);
    expect(ready).toEqual(['work.b', 'work.c', 'review']);
  });

  it('counts a recorded failure as settled', () => {
    expect(wasReady(nodeIn(plan, 'work.c'), resultsOf({ 'work.a': failed() }))).toBe(true);
  });
});

describe('suspectNodes', () => {
  const suspects = (recorded: Parameters<typeof suspectNodes>[1], results = recorded): string[] =>
    suspectNodes(plan, recorded, results).map(({ id }) => id);

  it('names the activities that were ready in the record and still have no outcome', () => {
    expect(suspects(completedInOrder('work.a'))).toEqual(['work.b', 'work.c']);
  });

  it('clears an activity that has come to an outcome since', () => {
    expect(suspects(completedInOrder('work.a'), completedInOrder('work.a', 'work.b'))).toEqual(['work.c']);
  });

  it('never names one that only became ready in this execution', () => {
    expect(suspects(resultsOf(), completedInOrder('work.a', 'work.b'))).toEqual([]);
  });

  it('never names one behind an approval that was refused or sent back, unless that is optional', () => {
    const asked = (optional: boolean) =>
      planOf({ review: { approval: {}, optional }, ship: { acts: ['a'], after: ['review'] } });
    const behind = (decision: string, optional = false): string[] => {
      const recorded = resultsOf({ review: completed({ decision }) });
      return suspectNodes(asked(optional), recorded, recorded).map(({ id }) => id);
    };

    expect(behind('approve')).toEqual(['ship.a']);
    expect(behind('reject')).toEqual([]);
    expect(behind('request_changes')).toEqual([]);
    expect(behind('reject', true)).toEqual(['ship.a']);
  });

  it('misses no act that was running when an execution died, whatever was recorded by then', () => {
    fc.assert(
      fc.property(scenarios({ failures: 'optional' }), fc.nat({ max: 40 }), ({ plan: any, behaviours }, diedAtMs) => {
        const journal = walk(any, behaviours);
        const recorded = new Map([...journal.results].filter(([, { finishedAtMs }]) => finishedAtMs <= diedAtMs));
        const started = [...timesOf(journal, 'started')].filter(([, atMs]) => atMs <= diedAtMs).map(([id]) => id);

        const named = suspectNodes(any, recorded, recorded).map(({ id }) => id);

        expect(named).toEqual(expect.arrayContaining(started.filter((id) => !recorded.has(id))));
      }),
    );
  });
});
