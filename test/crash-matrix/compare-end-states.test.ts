// What a crash test notices: anything lost, left behind or done twice; and what it overlooks, because it is different in every run.
import { describe, expect, it } from 'vitest';
import { compareEndStates, differenceLine, vagueOf } from '../../src/crash-test/compare-end-states.ts';
import { countWorld, duplicatesOf, namesOfIds, withoutOwn } from '../../src/crash-test/end-state.ts';
import type { EndState, WorldObject } from '../../src/crash-test/end-state.ts';
import type { Json } from '../../src/kernel/index.ts';

const file: WorldObject = { vendor: 'github', kind: 'file', id: 'one.md', key: 'k1', undone: false };
const END: EndState = {
  status: 'succeeded',
  cause: null,
  output: { url: 'https://one', assets: [1, 2] },
  nodes: { 'files.one': { status: 'completed', compensation: null } },
  world: countWorld([file]),
  duplicates: [],
};

const told = (actual: Partial<EndState>, vague: ReadonlySet<string> = new Set()): string[] =>
  compareEndStates(END, { ...END, ...actual }, vague).map(differenceLine);

describe('compareEndStates', () => {
  it('finds nothing where nothing differs', () => {
    expect(told({ output: { assets: [1, 2], url: 'https://one' } })).toEqual([]);
  });

  it('notices an object that was created twice', () => {
    const objects = [file, file];

    expect(told({ world: countWorld(objects), duplicates: duplicatesOf(objects) })).toEqual([
      'world github file alive: 2 instead of 1',
      'created twice: ["github file under the key k1"] instead of []',
    ]);
  });

  it('notices an object that was left behind by an undo', () => {
    const undone = { ...END, world: countWorld([{ ...file, undone: true }]) };

    expect(compareEndStates(undone, END, new Set()).map(differenceLine)).toEqual([
      'world github file alive: 1 instead of 0',
      'world github file undone: 0 instead of 1',
    ]);
  });

  it('notices an effect that nobody expected, and one that is missing', () => {
    const message = { ...file, vendor: 'slack', kind: 'message' };

    expect(told({ world: countWorld([message]) })).toEqual([
      'world github file: nothing instead of {"alive":1,"undone":0}',
      'world slack message: {"alive":1,"undone":0} instead of nothing',
    ]);
  });

  it.each<[string, Partial<EndState>, string]>([
    ['status', { status: 'compensated' }, 'status: "compensated" instead of "succeeded"'],
    ['cause', { cause: 'failure' }, 'cause: "failure" instead of null'],
    ['output', { output: null }, 'output: null instead of {"url":"https://one","assets":[1,2]}'],
    ['length of a list', { output: { url: 'https://one', assets: [1] } }, 'output assets: [1] instead of [1,2]'],
    [
      "node's status",
      { nodes: { 'files.one': { status: 'skipped', compensation: null } } },
      'node files.one status: "skipped" instead of "completed"',
    ],
    [
      "node's compensation",
      { nodes: { 'files.one': { status: 'completed', compensation: 'compensated' } } },
      'node files.one compensation: "compensated" instead of null',
    ],
  ])('notices another %s', (_, actual, line) => {
    expect(told(actual)).toEqual([line]);
  });

  it('holds nothing against a run that differs between undisturbed ones as well', () => {
    const other = { ...END, output: { url: 'https://two', assets: [1, 2] } };

    expect(told({ output: { url: 'https://three', assets: [1, 2] } }, vagueOf(END, other))).toEqual([]);
    expect(told({ output: { url: 'https://three', assets: [1, 9] } }, vagueOf(END, other))).toEqual([
      'output assets 1: 9 instead of 2',
    ]);
  });

  it('takes a place whose shape differs for vague with all that is below it', () => {
    const other = { ...END, output: { url: 'https://one', assets: null } };

    expect(told({ output: { url: 'https://one', assets: [3, 4] } }, vagueOf(END, other))).toEqual([]);
  });
});

describe('withoutOwn', () => {
  const own = new Map([
    ['run_0192', '<run>'],
    ...namesOfIds([
      { ...file, id: '1763731.000100' },
      { ...file, id: '12' },
    ]),
  ]);

  it.each<[Json, Json]>([
    ['run_0192.md', '<run>.md'],
    ['sent 2026-11-21T13:25:10.123Z', 'sent <time>'],
    ['key 0192a5b0-2f6e-7cc3-98c4-dc0c0c07398f', 'key <uuid>'],
    [{ sha: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' }, { sha: '<hash>' }],
    [
      ['1763731.000100', 12, null, true],
      ['<github file>', 12, null, true],
    ],
    ['12 berths', '12 berths'],
  ])('makes of %j %j', (given, expected) => {
    expect(withoutOwn(given, own)).toEqual(expected);
  });
});

describe('duplicatesOf', () => {
  it('leaves objects without a key to the count', () => {
    expect(
      duplicatesOf([
        { ...file, key: null },
        { ...file, key: null },
      ]),
    ).toEqual([]);
  });

  it('lets two vendors have the same key', () => {
    expect(duplicatesOf([file, { ...file, vendor: 'slack' }])).toEqual([]);
  });
});
