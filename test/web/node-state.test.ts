// How nodes stand, folded from facts in whatever order and pieces they come, and what the timeline draws of them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../web/src/api/run-shapes.ts';
import { createFactLog, forgets, inOrder } from '../../web/src/model/fact-log.ts';
import { lineOf, merged, type Piece } from '../../web/src/model/node-line.ts';
import { asOfRun, stateOf } from '../../web/src/model/node-state.ts';

const START = Date.parse('2026-11-21T10:00:00Z');

/** A fact so many seconds after the start. */
function factAt(seconds: number, kind: string, over: Partial<Fact> = {}): Fact {
  const atMs = START + seconds * 1_000;
  const part = /scheduled/.test(kind) ? 0 : /started|opened/.test(kind) ? 1 : 3;
  const place = `${atMs}.2.0.${part}.${over.item ?? 0}`;
  return { id: place, at: new Date(atMs).toISOString(), kind, node: 'a.b', ...over };
}

const error = { code: 'X', message: 'no' };
const tried = [
  factAt(0, 'activity.scheduled'),
  factAt(1, 'activity.started', { attempt: 1, key: 'k', input: { n: 1 } }),
  factAt(2, 'activity.attempt_failed', { attempt: 1, error, data: { nextAttemptAt: '2026-11-21T10:00:05Z' } }),
  factAt(5, 'activity.started', { attempt: 2, input: { n: 1 } }),
  factAt(7, 'activity.completed', { attempt: 2, output: 'done' }),
];

describe('stateOf', () => {
  it.each([
    [0, 'pending'],
    [1, 'executing'],
    [3, 'backing_off'],
    [5, 'completed'],
  ])('after %i facts of an act says %s', (count, status) => {
    expect(stateOf(tried.slice(0, count)).status).toBe(status);
  });

  it('puts the parts of an attempt together', () => {
    const { attempts, output, settledAtMs } = stateOf(tried);

    expect({ output, settledAtMs }).toEqual({ output: 'done', settledAtMs: START + 7_000 });
    expect(attempts).toMatchObject([
      { number: 1, result: 'failed', startedAtMs: START + 1_000, endedAtMs: START + 2_000, key: 'k', input: { n: 1 } },
      { number: 2, result: 'completed', output: 'done', startedAtMs: START + 5_000 },
    ]);
  });

  it.each([
    [['approval.scheduled', 'approval.opened'], 'waiting'],
    [['wait.started', 'wait.completed'], 'completed'],
    [['child.started', 'child.failed'], 'failed'],
    [['activity.unknown'], 'unknown'],
    [['activity.completed', 'compensation.completed'], 'compensated'],
    [['activity.completed', 'compensation.failed'], 'compensation_failed'],
    [['activity.completed', 'compensation.skipped'], 'completed'],
    [['approval.opened', 'approval.voted', 'breaker.opened'], 'waiting'],
  ])('after %j says %s', (kinds, status) => {
    expect(stateOf(kinds.map((kind, at) => factAt(at, kind))).status).toBe(status);
  });

  it('counts the elements of a list, and one that could not be taken back counts for all', () => {
    const items = [0, 1].map((item) => factAt(item, 'activity.completed', { item, attempt: 1 }));
    const whole = factAt(3, 'activity.completed', { data: { items: 2 } });
    const failed = factAt(4, 'compensation.failed', { item: 0, attempt: 1 });
    const undone = factAt(5, 'compensation.completed', { item: 1, attempt: 1 });

    expect(stateOf(items)).toMatchObject({ status: 'executing', itemsSettled: 2 });
    expect(stateOf([...items, whole])).toMatchObject({ status: 'completed', items: 2 });
    expect(stateOf([...items, whole, failed, undone]).status).toBe('compensation_failed');
  });

  it('says of what was inherited that it was, and of what never began that it did not', () => {
    expect(stateOf([factAt(0, 'activity.completed', { data: { inherited: true } })]).status).toBe('inherited');
    expect(asOfRun('executing', true)).toBe('pending');
    expect(asOfRun('executing', false)).toBe('executing');
  });
});

describe('createFactLog', () => {
  it('comes to the same whatever order and pieces the facts come in, and however often', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...tried, ...tried], { minLength: 10 }),
        fc.integer({ min: 1, max: 4 }),
        (facts, size) => {
          const log = createFactLog();
          for (let at = 0; at < facts.length; at += size) log.add(facts.slice(at, at + size));

          expect(log.all()).toEqual(tried);
          expect(log.stateOf('a.b')).toEqual(stateOf(tried));
        },
      ),
    );
  });

  it('knows which facts make others untrue', () => {
    expect(
      ['control.rewind', 'run.sent_back', 'control.decide', 'control.pause'].map((kind) => forgets(factAt(0, kind))),
    ).toEqual([true, true, true, false]);
  });

  it('orders ids by number, not by letter', () => {
    const facts = [factAt(0, 'a', { id: '10.2' }), factAt(0, 'a', { id: '9.10' }), factAt(0, 'a', { id: '9.9' })];

    expect(inOrder(facts).map(({ id }) => id)).toEqual(['9.9', '9.10', '10.2']);
  });
});

describe('lineOf', () => {
  it('draws the queue, each attempt and the pause between', () => {
    expect(lineOf(stateOf(tried), undefined).map(({ kind, tone }) => `${kind} ${tone}`)).toEqual([
      'queue plain',
      'attempt bad',
      'pause warn',
      'attempt good',
    ]);
  });

  it('draws what goes on until now, and undos apart', () => {
    const waiting = stateOf([factAt(0, 'wait.started')]);
    const executing = stateOf([factAt(0, 'activity.scheduled')]);
    const undone = stateOf([factAt(0, 'activity.completed'), factAt(1, 'compensation.completed', { attempt: 1 })]);

    expect(lineOf(waiting, START + 9)).toMatchObject([{ kind: 'wait', toMs: START + 9 }]);
    expect(lineOf(executing, START + 9)).toMatchObject([{ kind: 'now', fromMs: START, toMs: START + 9 }]);
    expect(lineOf(executing, undefined)).toEqual([]);
    expect(lineOf(undone, undefined)).toMatchObject([{ kind: 'undo', tone: 'undo' }]);
  });

  it('draws neighbours that look the same as one, without losing any time', () => {
    const piece = fc
      .record({ fromMs: fc.nat(1_000), ms: fc.nat(50), isBad: fc.boolean() })
      .map(({ fromMs, ms, isBad }): Piece => ({
        kind: 'attempt',
        tone: isBad ? 'bad' : 'good',
        fromMs,
        toMs: fromMs + ms,
        words: '',
      }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const drawn = merged(pieces, 10);

        for (const { tone, fromMs, toMs } of pieces)
          expect(drawn.some((each) => each.tone === tone && each.fromMs <= fromMs && each.toMs >= toMs)).toBe(true);
        expect(drawn.length).toBeLessThanOrEqual(2 * 106);
      }),
    );
  });
});
