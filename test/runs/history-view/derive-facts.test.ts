// The facts of a run, from what is stored of it: which they are, in which order, and that a later look only adds.
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/definitions/index.ts';
import type { LoggedStep } from '../../../src/durable/index.ts';
import { deriveFacts, factIdsOf } from '../../../src/runs/history-view/derive-facts.ts';
import { openReader, resumeReader } from '../../../src/runs/history-view/follow-facts.ts';
import { decodePosition, encodePosition } from '../../../src/runs/history-view/position.ts';
import type { LoggedEvent, RunLog } from '../../../src/runs/history-view/run-log.ts';
import { actIds, settledId, undoIds } from '../../../src/runs/step-layout.ts';
import { TURN } from '../../../src/runs/turn.ts';
import { done, failedFor, skippedOver, toRetry } from '../a-record.ts';
import { aRunRow } from '../a-run-row.ts';
import { nodeIn, planOf } from '../plan-of.ts';

const START = 1_700_000_000_000;

const PLAN = planOf({
  first: { acts: [{ name: 'a', with: { text: { $liquid: 'for {{ input.name }}' }, token: 'plain' } }] },
  second: { after: ['first'], acts: [{ name: 'b', forEach: { cel: 'input.list' }, with: { item: { $cel: 'item' } } }] },
  ask: { after: ['second'], approval: {} },
});

const ROW = aRunRow({
  input: { name: 'Ada', list: ['x', 'y'] },
  requester: 'ann',
  created_at: new Date(START + 1),
  started_at: new Date(START),
});

function step(id: number, name: string, value: unknown, seen: readonly boolean[] = []): LoggedStep {
  return { id, name, value, completedAtMs: START + 15, seen };
}

function event(id: number, kind: string, over: Partial<LoggedEvent> = {}): LoggedEvent {
  return { id, node: null, kind, data: {}, at: new Date(START + id), seen: [], ...over };
}

function logOf(over: Partial<RunLog>): RunLog {
  return {
    run: ROW,
    plan: PLAN,
    steps: [],
    events: [],
    transitions: [],
    snapshot: '10:10:',
    executor: 'second',
    ...over,
  };
}

const told = (log: RunLog): string[] =>
  deriveFacts(log).map(
    ({ kind, node, item }) => `${kind}${node === undefined ? '' : ` ${node}`}${item === undefined ? '' : `[${item}]`}`,
  );

const a = nodeIn(PLAN, 'first.a');
const b = nodeIn(PLAN, 'second.b');
const times = (from: number, to: number) => ({ startedAt: START + from, finishedAt: START + to });

const STEPS = [
  step(actIds(a).base + 1, a.id, { ...toRetry(1), startedAt: START + 10, retryAt: START + 20 }),
  step(actIds(a).base + 2, a.id, done({ token: 'abc' }, { attempt: 2, key: 'k', ...times(20, 30) })),
  step(actIds(b, 0).base + 1, 'second.b[0]', done('X', times(31, 32))),
  step(actIds(b, 1).base + 1, 'second.b[1]', failedFor({ unknown: true }, times(31, 33))),
  step(settledId(b), b.id, { ...failedFor(), attempt: undefined, items: 2, finishedAt: START + 33 }),
];

describe('deriveFacts', () => {
  it('tells every attempt, item and node in order', () => {
    expect(told(logOf({ steps: STEPS }))).toEqual([
      'run.started',
      'activity.scheduled first.a',
      'activity.started first.a',
      'activity.attempt_failed first.a',
      'activity.started first.a',
      'activity.completed first.a',
      'activity.scheduled second.b',
      'activity.started second.b[0]',
      'activity.started second.b[1]',
      'activity.completed second.b[0]',
      'activity.unknown second.b[1]',
      'activity.failed second.b',
    ]);
  });

  it('makes the arguments of acts again, and hides what is named like a secret', () => {
    const facts = deriveFacts(logOf({ steps: STEPS }));

    expect(facts.find(({ kind }) => kind === 'activity.started')).toMatchObject({
      attempt: 1,
      key: 'k',
      input: { text: 'for Ada', token: '[hidden]' },
    });
    expect(facts.find(({ item, kind }) => item === 1 && kind === 'activity.started')).toMatchObject({
      input: { item: 'y' },
    });
    expect(facts.find(({ kind }) => kind === 'activity.completed')).toMatchObject({
      output: { token: '[hidden]' },
      data: { ms: 10 },
    });
  });

  it('tells who executed what, by who left it when', () => {
    const left = event(25, 'run.taken_over', { data: { from: 'first' } });
    const facts = deriveFacts(logOf({ steps: STEPS, events: [left] }));

    expect(facts.filter(({ node }) => node === 'first.a').map(({ executor }) => executor)).toEqual([
      undefined,
      'first',
      'first',
      'first',
      'first',
    ]);
    expect(facts.find(({ node, kind }) => node === 'second.b' && kind === 'activity.started')?.executor).toBe('second');
  });

  it('tells a turn, its undos and the end, and readiness no more', () => {
    const turn = { cause: 'failure', at: 'second.b', failure: null, compensate: true, suspects: [], atMs: START + 30 };
    const ended = { ...ROW, status: 'compensated' as const, finished_at: new Date(START + 60) };
    const undo = undoIds(a).base;
    const steps = [
      ...STEPS.slice(0, 2),
      step(TURN.id, TURN.name, turn),
      step(undo + 24, 'undo first.a probe', { found: 'effect' }),
      step(undo + 1, 'undo first.a', { ...done(null, times(40, 50)), input: { id: 7 } }),
    ];

    expect(told(logOf({ steps, run: ended })).slice(-5)).toEqual([
      'activity.completed first.a',
      'run.turned second.b',
      'compensation.started first.a',
      'compensation.completed first.a',
      'run.finished',
    ]);
    expect(told(logOf({ steps, run: ended }))).not.toContain('activity.scheduled second.b');
    expect(
      deriveFacts(logOf({ steps, run: ended })).find(({ kind }) => kind === 'compensation.started')?.input,
    ).toEqual({ id: 7 });
  });

  it('puts what people did where it belongs', () => {
    const events = [
      event(1, 'control.pause', { data: { by: 'ann', reason: null } }),
      event(2, 'approval.opened', { node: 'ask', data: { approval: 'apr_1' } }),
    ];
    const facts = deriveFacts(logOf({ events }));

    expect(facts.map(({ kind }) => kind)).toEqual([
      'run.started',
      'activity.scheduled',
      'control.pause',
      'approval.opened',
    ]);
    expect(facts[2]).toMatchObject({ by: 'ann', data: { reason: null } });
  });

  it('tells of what a fork inherited how it ended, and when the fork began', () => {
    const run = {
      ...ROW,
      inherited: ['first.a'],
      forked_from: 'run_0',
      started_at: new Date(START + 100),
      created_at: new Date(START + 100),
    };
    const facts = deriveFacts(logOf({ run, steps: STEPS.slice(0, 2) }));

    expect(facts.filter(({ node }) => node === 'first.a')).toMatchObject([
      { kind: 'activity.completed', at: run.started_at.toISOString(), data: { inherited: true } },
    ]);
  });

  it('tells a run of code by the names of its steps', () => {
    const plan: Plan | null = null;
    const steps = [
      step(4_097, 'send', { ...done('sent', times(10, 20)), input: { to: 'x' } }),
      step(8_193, 'ok? open', { id: 'apr_1', deadlineMs: START }),
      step(8_192, 'ok?', done({ decision: 'approve' }, { attempt: undefined, finishedAt: START + 30 })),
      step(12_289, 'nap open', START + 31),
      step(12_288, 'nap', skippedOver()),
    ];

    expect(told(logOf({ plan, steps }))).toEqual(
      expect.arrayContaining([
        'activity.started send',
        'activity.completed send',
        'approval.completed ok?',
        'wait.started nap',
        'wait.skipped nap',
      ]),
    );
  });

  it('tells of a run that no worker took only that it is queued', () => {
    expect(told(logOf({ run: { ...ROW, status: 'queued' } }))).toEqual(['run.queued']);
  });
});

describe('a reader', () => {
  it('is told each fact once, whichever became known first', () => {
    const reader = openReader();
    const first = reader.tell(logOf({ steps: [STEPS[1]!] }));
    const second = reader.tell(logOf({ steps: STEPS.slice(0, 2), snapshot: '20:20:' }));

    expect([...first, ...second].map(({ fact }) => fact.id).toSorted()).toEqual(
      factIdsOf(logOf({ steps: STEPS.slice(0, 2) })).toSorted(),
    );
    expect(second.map(({ fact }) => fact.kind)).toEqual(['activity.started', 'activity.attempt_failed']);
    expect(second.every(({ position }) => decodePosition(position).before === '10:10:')).toBe(true);
  });

  it('goes on in the middle of what it was being told, under the same positions', () => {
    const log = logOf({ steps: STEPS });
    const all = openReader().tell(log);
    for (const [at, { position }] of all.entries()) {
      const seen = logOf({ steps: STEPS.map((each) => ({ ...each, seen: [true] })), snapshot: '30:30:' });

      expect(resumeReader(decodePosition(position), seen).tell(seen)).toEqual(all.slice(at + 1));
    }
  });
});

describe('a position', () => {
  it('is read as it was written', () => {
    for (const during of ['10:10:', '10:20:12,15']) {
      const position = { after: '1.2.3.4.5', before: '5:5:', during };
      expect(decodePosition(encodePosition(position))).toEqual(position);
    }
  });

  it.each(['~~', '1.2.3.4.5~1:1:', '1.2.3.4.5~~2:1:', '1.2.3.4.5~~1:9:9', '1.2.3.4.5~~0:1:', '1.2.3.4.5~~1:5:3,2'])(
    'refuses %j',
    (text) => {
      expect(() => decodePosition(text)).toThrow(/not one that this stream gave/);
    },
  );
});
