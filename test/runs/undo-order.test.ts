// Which undo waits for which, on any graph.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/definitions/index.ts';
import { orderUndos, queueUndos, undoId } from '../../src/runs/undo-order.ts';
import type { UndoItem, UndoStep } from '../../src/runs/undo-order.ts';
import { activityIn, planOf } from './plan-of.ts';
import { scenarios } from './scenarios.ts';
import { walk } from './walk.ts';

function undoOf(plan: Plan, id: string, over: Partial<UndoItem> = {}): UndoItem {
  return { node: activityIn(plan, id), known: true, finishedAtMs: 0, ...over };
}

interface Undoing {
  readonly plan: Plan;
  readonly undos: readonly UndoItem[];
}

/** A walked plan and some of the acts that came to an end in it, with up to three items each. */
function undoings(compensationOrder: Plan['compensationOrder']): fc.Arbitrary<Undoing> {
  const chosen = fc.array(fc.record({ undone: fc.boolean(), items: fc.option(fc.integer({ min: 1, max: 3 })) }), {
    minLength: 20,
    maxLength: 20,
  });
  return fc.tuple(scenarios({ compensationOrder }), chosen).map(([{ plan, behaviours }, choices]) => {
    const ended = walk(plan, behaviours).happenings.filter(({ kind }) => kind === 'ended');
    const undos = ended.flatMap(({ id, atMs }, place) => {
      const { undone, items } = choices[place]!;
      if (!undone) return [];
      if (items === null) return [undoOf(plan, id, { finishedAtMs: atMs })];
      return Array.from({ length: items }, (_, item) => undoOf(plan, id, { item, finishedAtMs: atMs }));
    });
    return { plan, undos };
  });
}

/** Runs every step once those it waits for are settled; the order in which they could start, in rounds. */
function rounds(steps: readonly UndoStep[]): string[][] {
  const done = new Set<string>();
  const all: string[][] = [];
  while (done.size < steps.length) {
    const ready = steps.filter(({ id, after }) => !done.has(id) && after.every((other) => done.has(other)));
    if (ready.length === 0) throw new Error('the undos wait for each other');
    all.push(ready.map(({ id }) => id));
    for (const { id } of ready) done.add(id);
  }
  return all;
}

describe('orderUndos', () => {
  it.each(['reverse_graph', 'lifo'] as const)('undoes each act once and comes to an end, by %s', (order) => {
    fc.assert(
      fc.property(undoings(order), ({ plan, undos }) => {
        const run = rounds(orderUndos(plan, undos)).flat();
        expect(run.toSorted()).toEqual(undos.map(undoId).toSorted());
      }),
    );
  });

  it.each(['reverse_graph', 'lifo'] as const)('takes nothing back before what was built on it, by %s', (order) => {
    fc.assert(
      fc.property(undoings(order), ({ plan, undos }) => {
        const run = rounds(orderUndos(plan, undos)).flat();
        for (const undo of undos) {
          const dependents = undos.filter(({ node }) => node.ancestors.includes(undo.node.id));
          for (const dependent of dependents)
            expect(run.indexOf(undoId(dependent))).toBeLessThan(run.indexOf(undoId(undo)));
        }
      }),
    );
  });

  it('lets an undo wait for its dependents alone, in reverse_graph: all else goes together', () => {
    fc.assert(
      fc.property(undoings('reverse_graph'), ({ plan, undos }) => {
        for (const { undo, after } of orderUndos(plan, undos)) {
          const dependents = undos.filter(({ node }) => node.ancestors.includes(undo.node.id));
          expect(after.toSorted()).toEqual(dependents.map(undoId).toSorted());
        }
      }),
    );
  });

  it('goes one by one and strictly backwards in time, in lifo', () => {
    fc.assert(
      fc.property(undoings('lifo'), ({ plan, undos }) => {
        const steps = orderUndos(plan, undos);
        const times = steps.map(({ undo }) => undo.finishedAtMs);
        expect(times).toEqual(times.toSorted((a, b) => b - a));
        expect(steps.map(({ after }) => after)).toEqual(
          steps.map((_, place) =>
            steps
              .slice(0, place)
              .slice(-1)
              .map(({ id }) => id),
          ),
        );
      }),
    );
  });

  it('waits for a dependent behind an act that has nothing to undo', () => {
    const plan = planOf({ work: { sequential: true, acts: ['a', 'b', 'c'] } });
    const steps = orderUndos(plan, [undoOf(plan, 'work.a'), undoOf(plan, 'work.c')]);
    expect(rounds(steps)).toEqual([['work.c'], ['work.a']]);
  });

  it('undoes a diamond from its point: the siblings together', () => {
    const plan = planOf({
      a: { acts: ['x'] },
      b: { after: ['a'], acts: ['x'] },
      c: { after: ['a'], acts: ['x'] },
      d: { after: ['b', 'c'], acts: ['x'] },
    });
    const steps = orderUndos(
      plan,
      ['a.x', 'b.x', 'c.x', 'd.x'].map((id) => undoOf(plan, id)),
    );
    expect(rounds(steps)).toEqual([['d.x'], ['b.x', 'c.x'], ['a.x']]);
  });

  it('undoes the items of one node together, and by their places from the last in lifo', () => {
    const notes = { mail: { acts: [{ name: 'send', forEach: { cel: 'input.list' } }] } };
    const items = (plan: Plan): UndoItem[] => [0, 1, 2].map((item) => undoOf(plan, 'mail.send', { item }));
    const [together, backwards] = [planOf(notes), planOf(notes, { compensationOrder: 'lifo' })];

    expect(rounds(orderUndos(together, items(together)))).toEqual([['mail.send[0]', 'mail.send[1]', 'mail.send[2]']]);
    expect(rounds(orderUndos(backwards, items(backwards)))).toEqual([
      ['mail.send[2]'],
      ['mail.send[1]'],
      ['mail.send[0]'],
    ]);
  });

  it('takes the later in the document first among acts that ended at once, in lifo', () => {
    const plan = planOf({ work: { acts: ['a', 'b'] } }, { compensationOrder: 'lifo' });
    expect(rounds(orderUndos(plan, [undoOf(plan, 'work.a'), undoOf(plan, 'work.b')]))).toEqual([
      ['work.b'],
      ['work.a'],
    ]);
  });

  it('has nothing to do where nothing was done', () => {
    expect(orderUndos(planOf({ work: { acts: ['a'] } }), [])).toEqual([]);
  });
});

describe('undoId', () => {
  const plan = planOf({ mail: { acts: ['send'] } });

  it('is the node, or the node with the place of its item', () => {
    expect(undoId(undoOf(plan, 'mail.send'))).toBe('mail.send');
    expect(undoId(undoOf(plan, 'mail.send', { item: 0 }))).toBe('mail.send[0]');
  });
});

describe('queueUndos', () => {
  it.each(['reverse_graph', 'lifo'] as const)(
    'lets each undo start once, as soon as the last that it waits for is settled, by %s',
    (order) => {
      fc.assert(
        fc.property(undoings(order), fc.infiniteStream(fc.nat()), ({ plan, undos }, places) => {
          const steps = orderUndos(plan, undos);
          const queue = queueUndos(steps);
          const running = queue.first.map(({ id }) => id);
          const settled = new Set<string>();
          while (running.length > 0) {
            const [id = ''] = running.splice(places.next().value % running.length, 1);
            settled.add(id);
            running.push(...queue.settle(id).map((step) => step.id));
            const due = steps.filter(({ after }) => after.every((other) => settled.has(other))).map((step) => step.id);
            expect([...settled, ...running].toSorted()).toEqual(due.toSorted());
          }
          expect(settled.size).toBe(steps.length);
        }),
      );
    },
  );

  it('orders two lists of the longest kind without comparing each item with every other', () => {
    const plan = planOf({ work: { sequential: true, acts: ['a', 'b'] } });
    const items = (id: string): UndoItem[] => Array.from({ length: 16_384 }, (_, item) => undoOf(plan, id, { item }));
    const queue = queueUndos(orderUndos(plan, [...items('work.a'), ...items('work.b')]));

    const after = queue.first.flatMap(({ id }) => queue.settle(id));

    expect(queue.first).toHaveLength(16_384);
    expect(after).toHaveLength(16_384);
  });
});
