// Which step ids belong to which call: as in the record by name, however the calls are ordered, and free ones for new names.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codedPlaces } from '../../../src/runs/coded-places.ts';
import { actIds, openId, undoIds } from '../../../src/runs/step-layout.ts';
import type { PlanNode } from '../../../src/definitions/index.ts';

type Call = readonly ['act' | 'wait' | 'note', string];

const nodeAt = (range: PlanNode['range']): PlanNode => ({
  kind: 'wait',
  id: 'any',
  name: 'any',
  module: 'any',
  index: 0,
  dependencies: [],
  ancestors: [],
  wave: 0,
  optional: false,
  range,
  wait: { kind: 'for', durationMs: 0 },
});

/** What an execution that makes these calls records, and where. */
function execute(calls: readonly Call[], recorded: readonly (readonly [number, string])[] = []) {
  const places = codedPlaces(recorded);
  const made = calls.map(([kind, name]): readonly [number, string] => {
    if (kind === 'note') return [places.note(name), `note ${name}`];
    if (kind === 'act') return [actIds(nodeAt(places.act(name))).base + 1, name];
    return [openId(nodeAt(places.wait(name))), `${name} open`];
  });
  return { made, places };
}

const calls = fc.uniqueArray(
  fc.tuple(fc.constantFrom<Call[0]>('act', 'wait', 'note'), fc.stringMatching(/^[a-z]{1,2}$/)),
  {
    selector: ([kind, name]) => `${kind} ${name}`,
    maxLength: 30,
  },
);
const twoOrders = calls.chain((all) =>
  fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.nat({ max: all.length })),
);

describe('codedPlaces', () => {
  it('gives each call ids of its own', () => {
    fc.assert(
      fc.property(calls, (all) => {
        const ids = execute(all).made.map(([id]) => id);
        expect(new Set(ids).size).toBe(all.length);
      }),
    );
  });

  it('gives a recorded call its ids again, in whichever order a replay calls', () => {
    fc.assert(
      fc.property(twoOrders, ([all, replayed, length]) => {
        const { made } = execute(all);
        const recorded = made.slice(0, length);

        const again = execute(replayed, recorded);

        for (const [id, name] of recorded) expect(again.made).toContainEqual([id, name]);
        expect(new Set(again.made.map(([id]) => id)).size).toBe(all.length);
        expect(again.places.unclaimed()).toEqual([]);
      }),
    );
  });

  it('tells what is recorded and no longer called', () => {
    const { made } = execute([
      ['act', 'charge'],
      ['wait', 'signed'],
      ['note', 'rate'],
    ]);

    expect(execute([['act', 'other']], made).places.unclaimed()).toEqual(['charge', 'signed open', 'note rate']);
  });

  it('gives notes of one name their ids in the order of the calls', () => {
    const { made } = execute([
      ['note', 'now'],
      ['note', 'now'],
    ]);

    expect(
      execute(
        [
          ['note', 'now'],
          ['note', 'other'],
          ['note', 'now'],
        ],
        made,
      ).made,
    ).toEqual([made[0], [made[1]![0] + 1, 'note other'], made[1]]);
  });

  it.each([
    { what: 'its undo', offset: 1, name: 'undo charge' },
    { what: 'the look before its undo', offset: 24, name: 'undo charge probe' },
  ])('knows an act without an attempt by $what', ({ offset, name }) => {
    const node = nodeAt({ base: 4_096 * 3, size: 4_096 });
    const places = codedPlaces([[undoIds(node).base + offset, name]]);

    expect(places.act('charge')).toEqual(node.range);
    expect(places.act('another').base).toBe(4_096 * 4);
  });

  it('leaves ids alone of which nothing tells whose they are', () => {
    expect(codedPlaces([[4_096 + 16, 'DBOS.recv']]).act('charge').base).toBe(4_096 * 2);
  });
});
