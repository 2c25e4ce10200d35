// How far a run is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeStatus } from '../../src/definitions/index.ts';
import { isOpen } from '../../src/runs/advance.ts';
import { moduleStatus, progressOf } from '../../src/runs/progress.ts';
import { completedInOrder, failed, resultsOf, skipped } from './a-result.ts';
import { moduleIn, planOf } from './plan-of.ts';
import { scenarios } from './scenarios.ts';
import { walk } from './walk.ts';

const plan = planOf({
  research: { acts: ['a', 'b'], progress: 20 },
  write: { after: ['research'], acts: ['draft'], progress: 40 },
  ship: { after: ['write'], acts: ['mail'], progress: 100 },
});

describe('progressOf', () => {
  it.each([
    [[], 0, 'research'],
    [['research.a'], 0, 'research'],
    [['research.a', 'research.b'], 20, 'write'],
    [['research.a', 'research.b', 'write.draft'], 40, 'ship'],
    [['research.a', 'research.b', 'write.draft', 'ship.mail'], 100, null],
  ])('after %j is %i %% in phase %s', (settled, percentage, phase) => {
    expect(progressOf(plan, completedInOrder(...settled))).toEqual({ percentage, phase });
  });

  it('counts what was skipped or failed as settled', () => {
    const results = resultsOf({ 'research.a': skipped(), 'research.b': failed() });
    expect(progressOf(plan, results)).toEqual({ percentage: 20, phase: 'write' });
  });

  it('takes the highest of modules that settle out of order, and names the first that has begun', () => {
    const wide = planOf({ slow: { acts: ['a'], progress: 30 }, fast: { acts: ['a'], progress: 60 } });
    expect(progressOf(wide, completedInOrder('fast.a'))).toEqual({ percentage: 60, phase: 'slow' });
  });

  it('never goes back, whatever settles next, and ends with nothing open', () => {
    fc.assert(
      fc.property(scenarios({ failures: 'optional' }), ({ plan: any, behaviours }) => {
        const { results, done } = walk(any, behaviours);
        fc.pre(done);
        const settled = new Map<string, ReturnType<typeof skipped>>();
        let last = 0;
        for (const [id, result] of [...results].toSorted(([, a], [, b]) => a.finishedAtMs - b.finishedAtMs)) {
          settled.set(id, result);
          const { percentage } = progressOf(any, settled);
          expect(percentage).toBeGreaterThanOrEqual(last);
          last = percentage;
        }
        expect(progressOf(any, results)).toEqual({ percentage: 100, phase: null });
      }),
    );
  });
});

describe('isOpen', () => {
  it('is true of a module once all nodes of its dependencies are settled', () => {
    const write = moduleIn(plan, 'write');
    expect(isOpen(plan, moduleIn(plan, 'research'), resultsOf())).toBe(true);
    expect(isOpen(plan, write, completedInOrder('research.a'))).toBe(false);
    expect(isOpen(plan, write, completedInOrder('research.a', 'research.b'))).toBe(true);
  });
});

describe('moduleStatus', () => {
  it.each<[NodeStatus[], NodeStatus]>([
    [['pending', 'pending'], 'pending'],
    [['completed', 'pending'], 'executing'],
    [['completed', 'executing'], 'executing'],
    [['waiting'], 'waiting'],
    [['waiting', 'executing'], 'executing'],
    [['completed', 'completed'], 'completed'],
    [['completed', 'skipped'], 'completed'],
    [['skipped', 'skipped'], 'skipped'],
    [['skipped'], 'skipped'],
    [[], 'completed'],
    [['completed', 'failed'], 'failed'],
    [['failed', 'pending'], 'failed'],
    [['unknown', 'failed'], 'unknown'],
    [['failed', 'executing'], 'executing'],
    [['compensated', 'skipped'], 'compensated'],
    [['compensated', 'compensating'], 'compensating'],
    [['compensating', 'compensation_failed'], 'compensation_failed'],
    [['inherited', 'completed'], 'completed'],
  ])('of %j is %s', (statuses, expected) => {
    expect(moduleStatus(statuses)).toBe(expected);
  });

  it('does not depend on the order of the nodes', () => {
    const statuses: NodeStatus[] = [
      'pending',
      'waiting',
      'executing',
      'completed',
      'failed',
      'skipped',
      'unknown',
      'compensating',
      'compensated',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...statuses), { minLength: 1, maxLength: 6 }), (nodes) => {
        expect(moduleStatus(nodes.toReversed())).toBe(moduleStatus(nodes));
      }),
    );
  });
});
