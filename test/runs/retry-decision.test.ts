// Which acts of a failed node a retry begins anew, and what must be known of those in doubt before others are done in their place.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNAMENDED, epochOf } from '../../src/runs/amendments.ts';
import {
  actsToTakeBack,
  beginAfresh,
  beginAnew,
  changesOf,
  failedActs,
  neverBegun,
} from '../../src/runs/retry-decision.ts';
import type { FailedAct, Sighting } from '../../src/runs/retry-decision.ts';
import { actIds, itemIds, settledId } from '../../src/runs/step-layout.ts';
import { TURN } from '../../src/runs/turn.ts';
import type { Turn } from '../../src/runs/turn.ts';
import { done, failedFor, recordOf, skippedOver } from './a-record.ts';
import { activityIn, nodeIn, planOf } from './plan-of.ts';

const plan = planOf({
  work: { acts: ['a', 'b', { name: 'each', forEach: { cel: 'input.list' } }], timeoutMs: 500 },
  review: { after: ['work'], approval: {} },
});
const a = activityIn(plan, 'work.a');
const b = activityIn(plan, 'work.b');
const each = activityIn(plan, 'work.each');
const undoable = { ...a, compensation: { tool: 'github', action: 'delete_file', retry: a.retry, timeoutMs: 1 } };
const inDoubt = { unknown: true };

function turnWith(suspects: readonly string[]): Turn {
  return { cause: 'failure', at: null, failure: null, compensate: true, suspects, atMs: 0 };
}

describe('failedActs', () => {
  it('is the node itself, in doubt where its failure says so', () => {
    const at = actIds(a).base + 1;

    expect(failedActs(recordOf([[at, failedFor()]]), a)).toMatchObject([{ name: 'work.a', inDoubt: false }]);
    expect(failedActs(recordOf([[at, failedFor(inDoubt)]]), a)).toMatchObject([{ name: 'work.a', inDoubt: true }]);
  });

  it('is those items of a list that did not succeed, each in doubt by itself', () => {
    const record = recordOf([
      [settledId(each), failedFor({}, { items: 4 })],
      [actIds(each, 0).base + 1, done('x')],
      [actIds(each, 1).base + 1, failedFor()],
      [actIds(each, 2).base + 1, failedFor(inDoubt)],
      [TURN.id, turnWith(['work.each[3]'])],
    ]);

    expect(failedActs(record, each).map(({ name, inDoubt: doubt }) => [name, doubt])).toEqual([
      ['work.each[1]', false],
      ['work.each[2]', true],
      ['work.each[3]', true],
    ]);
  });
});

describe('a retry', () => {
  const acts = (...doubts: readonly boolean[]): FailedAct[] =>
    doubts.map((doubt, item) => ({ name: `work.each[${item}]`, item, checkpoint: undefined, inDoubt: doubt }));

  it('forgets the whole of a node, and of a list those items alone', () => {
    expect(beginAnew(UNAMENDED, a, failedActs(recordOf(), a)).forget).toEqual([a.range]);
    expect(beginAnew(UNAMENDED, each, acts(false, true).slice(1)).forget).toEqual([
      itemIds(each, 1),
      { base: settledId(each), size: 1 },
    ]);
  });

  it('gives new keys to what certainly did not happen, and afresh to all of them', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 5 }), fc.nat(9), (doubts, earlier) => {
        const amended = { ...UNAMENDED, epochs: { 'work.each': earlier } };
        const anew = beginAnew(amended, each, acts(...doubts));
        const afresh = beginAfresh(amended, each, acts(...doubts));
        for (const [item, doubt] of doubts.entries()) {
          expect(epochOf(anew, each.id, item) > earlier).toBe(!doubt);
          expect(epochOf(afresh, each.id, item)).toBeGreaterThan(earlier);
        }
      }),
    );
  });

  it('has the changes given now, else those of before', () => {
    const decided = { decision: 'retry', by: 'ann', reason: null, at: '' } as const;
    const amended = {
      decisions: { 'work.each': { ...decided, with: { a: 1 } }, 'work.each[1]': { ...decided, with: { a: 2 } } },
    };

    expect(changesOf(amended, 'work.each', 'work.each[1]', { a: 3 })).toEqual({ a: 3 });
    expect(changesOf(amended, 'work.each', 'work.each[1]', undefined)).toEqual({ a: 2 });
    expect(changesOf(amended, 'work.each', 'work.each[0]', undefined)).toEqual({ a: 1 });
    expect(changesOf(amended, 'work.a', 'work.a', undefined)).toBeUndefined();
  });
});

describe('actsToTakeBack', () => {
  const doubtful = failedActs(recordOf([[actIds(a).base + 1, failedFor(inDoubt)]]), a);
  const late = { found: 'late', untilMs: Date.parse('2026-01-01T00:00:30Z') } as const;
  const seen = (node: typeof a, sighting: Sighting | undefined) => (): string[] =>
    actsToTakeBack(node, doubtful, () => sighting);

  it('takes back what is there, or may still arrive, where something takes it back', () => {
    expect(seen(undoable, { found: 'there' })()).toEqual(['work.a']);
    expect(seen(undoable, late)()).toEqual(['work.a']);
    expect(seen(undoable, { found: 'absent' })()).toEqual([]);
    expect(seen(a, { found: 'absent' })()).toEqual([]);
  });

  it('asks nothing of what certainly did not happen', () => {
    const certain = failedActs(recordOf([[actIds(a).base + 1, failedFor()]]), a);
    expect(actsToTakeBack(a, certain, () => undefined)).toEqual([]);
  });

  it('refuses with the reason what stands, may come to stand, cannot be told or has moved', () => {
    expect(seen(a, { found: 'there' })).toThrow('"work.a" took effect, and nothing takes it back: skip it, or retry');
    expect(seen(a, late)).toThrow(
      'may still arrive until 2026-01-01T00:00:30.000Z, and nothing takes it back: ask again',
    );
    expect(seen(undoable, { found: 'unclear', why: 'no answer' })).toThrow('whether "work.a" took effect (no answer)');
    expect(seen(undoable, undefined)).toThrow('has moved while it was looked for: ask again');
  });
});

describe('neverBegun', () => {
  const outOfTime = (over = {}) => failedFor({ code: 'MODULE_TIMEOUT', ...over }, { attempt: undefined });
  const of = (...steps: (readonly [number, ReturnType<typeof failedFor>])[]): string[] =>
    neverBegun(
      plan,
      recordOf(
        steps,
        steps.map(([id]) => [id, 'step'] as const),
      ),
      a,
    ).map(({ id }) => id);

  it('is what ran out of time with the node before it began', () => {
    expect(of([settledId(b), outOfTime()], [settledId(each), outOfTime()])).toEqual(['work.b', 'work.each']);
  });

  it('is neither what began, nor may have, nor what ended otherwise, nor is elsewhere', () => {
    const review = nodeIn(plan, 'review');
    expect(of([actIds(b).base + 1, failedFor({ code: 'MODULE_TIMEOUT' })])).toEqual([]);
    expect(of([settledId(b), outOfTime(inDoubt)])).toEqual([]);
    expect(of([settledId(b), skippedOver()], [settledId(each), failedFor()])).toEqual([]);
    expect(of([settledId(each), outOfTime()], [actIds(each, 0).base + 1, failedFor()])).toEqual([]);
    expect(of([settledId(review), outOfTime()])).toEqual([]);
  });
});
