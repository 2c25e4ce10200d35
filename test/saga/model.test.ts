// Two thousand random graphs against a small model that shares nothing with the scheduler: who acts, what is undone, in which order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActivityNode, Plan } from '../../src/definitions/index.ts';
import { orderUndos, queueUndos, undoId } from '../../src/runs/undo-order.ts';
import type { UndoStep } from '../../src/runs/undo-order.ts';
import { scenarios } from '../runs/scenarios.ts';
import type { Scenario } from '../runs/scenarios.ts';
import { walk } from '../runs/walk.ts';
import type { Behaviours } from '../runs/walk.ts';

const RUNS = 2_000;

/** What the model says of a run: when each act that was begun ended, and when the run turned round. */
interface Expected {
  readonly endedAt: ReadonlyMap<string, number>;
  readonly turnedAt: number;
}

/** Nodes are in an order in which what a node waits for comes before it. */
function modelOf({ plan, behaviours }: Scenario): Expected {
  const settledAt = new Map<string, number>();
  const startedAt = new Map<string, number>();
  let turnedAt = Number.POSITIVE_INFINITY;
  for (const node of plan.nodes) {
    const start = Math.max(0, ...node.dependencies.map((id) => settledAt.get(id)!));
    const module = plan.modules.find(({ id }) => id === node.module)!;
    const isSkipped = module.when?.cel === 'false' || node.when?.cel === 'false';
    const { tookMs, ends } = behaviours[node.id]!;
    settledAt.set(node.id, isSkipped ? start : start + tookMs);
    if (isSkipped) continue;
    startedAt.set(node.id, start);
    if (ends !== 'completed' && !node.optional) turnedAt = Math.min(turnedAt, start + tookMs);
  }
  // What would have begun later than the first failure never begins; what it would have done does not count.
  const begun = [...startedAt].filter(([, start]) => start < turnedAt);
  return { endedAt: new Map(begun.map(([id]) => [id, settledAt.get(id)!])), turnedAt };
}

/** No two acts end at once, so that there is one answer. */
function apart({ plan, behaviours }: Scenario): Scenario {
  const spread = plan.nodes.map(
    ({ id, index }) =>
      [id, { ...behaviours[id]!, tookMs: behaviours[id]!.tookMs + Math.sqrt(index + 2) / 1_000 }] as const,
  );
  return { plan, behaviours: Object.fromEntries(spread) };
}

const graphs = (compensationOrder: Plan['compensationOrder']) =>
  scenarios({ execution: 'eager', compensationOrder, conditions: 'evaluable', limits: false }).map(apart);

function undosOf(plan: Plan, behaviours: Behaviours, endedAt: ReadonlyMap<string, number>): UndoStep[] {
  const undone = [...endedAt].filter(([id]) => behaviours[id]!.ends !== 'failed');
  const items = undone.map(([id, finishedAtMs]) => ({
    node: plan.nodes.find((node) => node.id === id) as ActivityNode,
    known: behaviours[id]!.ends === 'completed',
    finishedAtMs,
  }));
  return orderUndos(plan, items);
}

interface Performed {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Performs the undos in virtual time, each as long as it is told. */
function perform(steps: readonly UndoStep[], tookOf: (id: string) => number): Map<string, Performed> {
  const queue = queueUndos(steps);
  const performed = new Map<string, Performed>();
  const underWay = new Map<string, Performed>();
  const start = (ready: readonly UndoStep[], nowMs: number): void => {
    for (const { id } of ready) underWay.set(id, { startedAt: nowMs, endedAt: nowMs + tookOf(id) });
  };
  start(queue.first, 0);
  for (;;) {
    const [next] = [...underWay].toSorted(([, a], [, b]) => a.endedAt - b.endedAt);
    if (!next) return performed;
    const [id, times] = next;
    underWay.delete(id);
    performed.set(id, times);
    start(queue.settle(id), times.endedAt);
  }
}

function dependsOn(plan: Plan, id: string, other: string): boolean {
  const node = plan.nodes.find((each) => each.id === id)!;
  return node.dependencies.some((dependency) => dependency === other || dependsOn(plan, dependency, other));
}

const durations = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 20, maxLength: 20 });

describe('a random graph', () => {
  it('begins each act once, exactly those that the model says, and turns exactly when it says', () => {
    fc.assert(
      fc.property(graphs('reverse_graph'), (scenario) => {
        const { endedAt, turnedAt } = modelOf(scenario);

        const journal = walk(scenario.plan, scenario.behaviours);

        const started = journal.happenings.filter(({ kind }) => kind === 'started').map(({ id }) => id);
        expect(started.toSorted()).toEqual([...endedAt.keys()].toSorted());
        expect(journal.turn !== undefined).toBe(turnedAt < Number.POSITIVE_INFINITY);
        for (const { kind, id, atMs } of journal.happenings) {
          if (kind === 'ended') expect(atMs).toBeCloseTo(endedAt.get(id)!, 6);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('undoes what may have happened, each once, the moment all that was built on it is undone', () => {
    fc.assert(
      fc.property(graphs('reverse_graph'), durations, ({ plan, behaviours }, took) => {
        const { endedAt } = modelOf({ plan, behaviours });
        const steps = undosOf(plan, behaviours, endedAt);

        const performed = perform(steps, (id) => took[plan.nodes.findIndex((node) => node.id === id)]!);

        const expected = [...endedAt.keys()].filter((id) => behaviours[id]!.ends !== 'failed');
        expect([...performed.keys()].toSorted()).toEqual(expected.toSorted());
        for (const [id, { startedAt }] of performed) {
          const built = expected.filter((other) => dependsOn(plan, other, id));
          expect(startedAt).toBe(Math.max(0, ...built.map((other) => performed.get(other)!.endedAt)));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('undoes one by one, the act that ended last first, where the order is lifo', () => {
    fc.assert(
      fc.property(graphs('lifo'), durations, ({ plan, behaviours }, took) => {
        const { endedAt } = modelOf({ plan, behaviours });
        const steps = undosOf(plan, behaviours, endedAt);

        const performed = perform(steps, (id) => took[plan.nodes.findIndex((node) => node.id === id)]!);

        const inOrder = [...performed].toSorted(([, a], [, b]) => a.startedAt - b.startedAt);
        expect(inOrder.map(([id]) => id)).toEqual(
          steps.map(({ undo }) => undoId(undo)).toSorted((a, b) => endedAt.get(b)! - endedAt.get(a)!),
        );
        inOrder.forEach(([, { startedAt }], place) => {
          expect(startedAt).toBe(place === 0 ? 0 : inOrder[place - 1]![1].endedAt);
        });
      }),
      { numRuns: RUNS },
    );
  });
});
