// What each node came to, read from checkpoints alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, finalCheckpoint, foldRecord } from '../../src/runs/fold-record.ts';
import { isFinalCheckpoint, resultOf } from '../../src/runs/node-result.ts';
import { actIds, settledId, undoIds } from '../../src/runs/step-layout.ts';
import { done, failedFor, recordOf, skippedOver, toRetry } from './a-record.ts';
import { activityIn, nodeIn, planOf } from './plan-of.ts';

const plan = planOf({
  work: { acts: ['a', 'b', { name: 'each', forEach: { cel: 'input.list' } }] },
  review: { after: ['work'], approval: {} },
  signed: { after: ['review'], wait: { kind: 'message', topic: 'contract-signed' } },
});
const a = activityIn(plan, 'work.a');
const each = activityIn(plan, 'work.each');
const review = nodeIn(plan, 'review');

describe('foldRecord', () => {
  it('finds nothing in an empty record', () => {
    expect(foldRecord(plan, recordOf())).toEqual(new Map());
  });

  it('finds the attempt that ended an activity, whichever it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_ATTEMPTS }), (last) => {
        const { base } = actIds(a);
        const earlier = Array.from({ length: last - 1 }, (_, place) => [base + place + 1, toRetry(place + 1)] as const);
        const record = recordOf([...earlier, [base + last, done({ url: 'x' }, { attempt: last })]]);

        expect(foldRecord(plan, record)).toEqual(
          new Map([['work.a', { status: 'completed', value: { url: 'x' }, finishedAtMs: 100 }]]),
        );
      }),
    );
  });

  it('looks no further than the twentieth attempt, the last that any policy allows', () => {
    const record = recordOf([[actIds(a).base + 21, done('x')]]);
    expect(foldRecord(plan, record).has('work.a')).toBe(false);
  });

  it('takes an activity whose attempts will be repeated for unsettled', () => {
    const { base } = actIds(a);
    const record = recordOf([
      [base + 1, toRetry(1)],
      [base + 2, toRetry(2)],
    ]);
    expect(foldRecord(plan, record).has('work.a')).toBe(false);
  });

  it('tells failed from unknown', () => {
    const b = activityIn(plan, 'work.b');
    const record = recordOf([
      [actIds(a).base + 1, failedFor()],
      [actIds(b).base + 1, failedFor({ code: 'TIMEOUT', unknown: true })],
    ]);

    expect(Object.fromEntries(foldRecord(plan, record))).toMatchObject({
      'work.a': { status: 'failed', value: null, error: { code: 'GITHUB_422' } },
      'work.b': { status: 'unknown', value: null, error: { code: 'TIMEOUT' } },
    });
  });

  it('finds what was settled without an attempt', () => {
    const record = recordOf([
      [settledId(a), skippedOver()],
      [settledId(each), skippedOver()],
      [settledId(review), done({ decision: 'approve' })],
      [settledId(nodeIn(plan, 'signed')), done({ by: 'ann' })],
    ]);

    expect(Object.fromEntries(foldRecord(plan, record))).toMatchObject({
      'work.a': { status: 'skipped', value: null },
      'work.each': { status: 'skipped', value: null },
      review: { status: 'completed', value: { decision: 'approve' } },
      signed: { status: 'completed', value: { by: 'ann' } },
    });
  });

  it('gathers the values of a for_each in input order, null where an item failed', () => {
    const record = recordOf([
      [actIds(each, 2).base + 1, done('third')],
      [actIds(each, 1).base + 1, failedFor()],
      [actIds(each, 0).base + 1, toRetry(1)],
      [actIds(each, 0).base + 2, done('first')],
      [settledId(each), done(null, { items: 3 })],
    ]);
    expect(foldRecord(plan, record).get('work.each')).toMatchObject({
      status: 'completed',
      value: ['first', null, 'third'],
    });
  });

  it('gives an empty list for a for_each over nothing', () => {
    const record = recordOf([[settledId(each), done(null, { items: 0 })]]);
    expect(foldRecord(plan, record).get('work.each')).toMatchObject({ status: 'completed', value: [] });
  });

  it('takes a for_each for unsettled while only its items are', () => {
    const record = recordOf([[actIds(each, 0).base + 1, done('first')]]);
    expect(foldRecord(plan, record).has('work.each')).toBe(false);
  });

  it('keeps the failure of a for_each', () => {
    const record = recordOf([[settledId(each), failedFor({ code: 'EXPRESSION' }, { items: 2 })]]);
    expect(foldRecord(plan, record).get('work.each')).toMatchObject({
      status: 'failed',
      value: null,
      error: { code: 'EXPRESSION' },
    });
  });

  it('never takes an undo for the act', () => {
    const record = recordOf([
      [undoIds(a).base + 1, done(null)],
      [undoIds(each, 0).base + 1, done(null)],
    ]);
    expect(foldRecord(plan, record)).toEqual(new Map());
  });
});

describe('finalCheckpoint', () => {
  const act = done('act');
  const undo = done('undo');

  it('finds an act and its undo apart, of a node and of an item', () => {
    const record = recordOf([
      [actIds(a).base + 3, act],
      [undoIds(a).base + 1, undo],
      [actIds(each, 5).base + 1, act],
      [undoIds(each, 5).base + 2, undo],
    ]);

    expect(finalCheckpoint(record, a)).toEqual(act);
    expect(finalCheckpoint(record, a, undefined, 'undo')).toEqual(undo);
    expect(finalCheckpoint(record, each, 5)).toEqual(act);
    expect(finalCheckpoint(record, each, 5, 'undo')).toEqual(undo);
    expect(finalCheckpoint(record, each, 4)).toBeUndefined();
  });

  it('finds an end without an attempt, where the arguments could not be resolved', () => {
    const record = recordOf([[actIds(each, 1).base, failedFor({ code: 'EXPRESSION' })]]);
    expect(finalCheckpoint(record, each, 1)).toMatchObject({ outcome: { ok: false } });
  });
});

describe('resultOf', () => {
  it.each([
    [done('x'), { status: 'completed', value: 'x', finishedAtMs: 100 }],
    [skippedOver(), { status: 'skipped', value: null, finishedAtMs: 100 }],
    [failedFor(), { status: 'failed', value: null, finishedAtMs: 100 }],
    [failedFor({ unknown: true }), { status: 'unknown', value: null, finishedAtMs: 100 }],
  ])('reads %j', (checkpoint, result) => {
    expect(resultOf(checkpoint)).toMatchObject(result);
  });
});

describe('isFinalCheckpoint', () => {
  it('is true of an end and false of an attempt that will be repeated', () => {
    expect(isFinalCheckpoint(done(null))).toBe(true);
    expect(isFinalCheckpoint(failedFor())).toBe(true);
    expect(isFinalCheckpoint(toRetry(1))).toBe(false);
  });
});
