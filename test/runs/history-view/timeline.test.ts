// The critical path and the slack of runs of random plans, against what the times themselves say.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/definitions/index.ts';
import { timelineOf } from '../../../src/runs/history-view/timeline.ts';
import type { NodeTime } from '../../../src/runs/history-view/timeline.ts';
import { planOf } from '../plan-of.ts';
import { scenarios } from '../scenarios.ts';

const START = 1_000_000;

/** Each node begins when all it needs is settled, plus what it had to wait, and takes its time. */
function simulate({ nodes }: Plan, workMs: readonly number[], waitMs: readonly number[]): NodeTime[] {
  const ends = new Map<string, number>();
  return nodes
    .toSorted((a, b) => a.wave - b.wave)
    .map(({ id, dependencies, index }) => {
      const readyAtMs = Math.max(START, ...dependencies.map((each) => ends.get(each)!));
      const startedAtMs = readyAtMs + (waitMs[index] ?? 0);
      const finishedAtMs = startedAtMs + workMs[index]!;
      ends.set(id, finishedAtMs);
      return { id, startedAtMs, finishedAtMs };
    });
}

const MOST_NODES = 20;
const times = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: MOST_NODES, maxLength: MOST_NODES });
const plans = scenarios({ execution: 'eager' }).map(({ plan }) => plan);

describe('timelineOf', () => {
  it('finds a critical path as long as the run, where nothing waits', () => {
    fc.assert(
      fc.property(plans, times, (plan, work) => {
        const { wallMs, criticalMs, criticalPath } = timelineOf(plan, simulate(plan, work, []), START);

        expect(criticalMs).toBe(wallMs);
        expect(wallMs).toBeGreaterThan(0);
        expect(new Set(criticalPath).size).toBe(criticalPath.length);
      }),
    );
  });

  it('leaves out of it what passed while its nodes waited', () => {
    fc.assert(
      fc.property(plans, times, times, (plan, work, waits) => {
        const { wallMs, criticalMs, criticalPath } = timelineOf(plan, simulate(plan, work, waits), START);
        const waited = criticalPath.map((id) => waits[plan.nodes.find((node) => node.id === id)!.index]!);

        expect(wallMs - criticalMs).toBe(waited.reduce((sum, each) => sum + each, 0));
      }),
    );
  });

  it('gives slack that can be used up, and not a millisecond more', () => {
    fc.assert(
      fc.property(plans, times, fc.nat(MOST_NODES - 1), (plan, work, chosen) => {
        const before = timelineOf(plan, simulate(plan, work, []), START);
        const node = plan.nodes[chosen % plan.nodes.length]!;
        const { slackMs = 0 } = before.nodes.find(({ id }) => id === node.id)!;
        const longer = (by: number) =>
          timelineOf(plan, simulate(plan, work.with(node.index, work[node.index]! + by), []), START).wallMs;

        expect(longer(slackMs)).toBe(before.wallMs);
        expect(longer(slackMs + 1)).toBe(before.wallMs + 1);
      }),
    );
  });

  it('gives the critical path no slack', () => {
    fc.assert(
      fc.property(plans, times, times, (plan, work, waits) => {
        const { nodes } = timelineOf(plan, simulate(plan, work, waits), START);

        expect(nodes.filter(({ critical }) => critical).every(({ slackMs }) => slackMs === 0)).toBe(true);
      }),
    );
  });

  it('tells of a node that is not settled when it began, and no more', () => {
    const plan = planOf({ m: { acts: ['a', 'b'] } });
    const told = timelineOf(
      plan,
      [
        { id: 'm.a', startedAtMs: START, finishedAtMs: START + 10 },
        { id: 'm.b', startedAtMs: START + 1 },
      ],
      START,
    );

    expect(told).toMatchObject({ wallMs: 10, criticalPath: ['m.a'] });
    expect(told.nodes[1]).toEqual({ id: 'm.b', startedAt: new Date(START + 1).toISOString(), critical: false });
  });

  it('has nothing to tell of a run that has not begun', () => {
    expect(timelineOf(planOf({ m: { acts: ['a'] } }), [], START)).toEqual({
      nodes: [],
      criticalPath: [],
      wallMs: 0,
      criticalMs: 0,
    });
  });
});
