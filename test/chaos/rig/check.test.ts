// The checker sees each broken promise that is planted into sound facts, and nothing in facts that are sound.
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import type { CallFact, EffectFact, Facts, RunFact } from './facts.ts';

const SUCCEEDED = 'run-s';
const COMPENSATED = 'run-c';
const NODES = ['a', 'b', 'c', 'd'];

const runFact = (id: string, rest: Partial<RunFact> = {}): RunFact => ({
  id,
  workflow: 'saga',
  status: 'succeeded',
  cause: null,
  idempotencyKey: `key of ${id}`,
  state: 'SUCCESS',
  queue: null,
  executor: 'e1',
  claims: 1,
  ...rest,
});

const act = (id: number, run: string, node: string, rest: Partial<CallFact> = {}): CallFact => ({
  id,
  key: `${run} ${node}`,
  run,
  instance: 'r0#1',
  node,
  kind: 'act',
  beganAt: id * 10,
  endedAt: id * 10 + 5,
  ...rest,
});

const effect = (run: string, node: string, rest: Partial<EffectFact> = {}): EffectFact => ({
  key: `${run} ${node}`,
  run,
  node,
  appliedAt: 0,
  undoneAt: null,
  undoneBy: null,
  ...rest,
});

/** One saga that succeeded and one that was undone in reverse, both as they ought to be. */
function soundFacts(): Facts {
  return {
    starts: [
      { key: `key of ${SUCCEEDED}`, runIds: [SUCCEEDED], workflow: 'saga', allowed: ['succeeded'] },
      { key: `key of ${COMPENSATED}`, runIds: [COMPENSATED], workflow: 'saga', allowed: ['compensated'] },
    ],
    runs: [runFact(SUCCEEDED), runFact(COMPENSATED, { status: 'compensated', cause: 'failure' })],
    approvals: [],
    decisions: [],
    calls: [
      ...NODES.map((node, index) => act(index + 1, SUCCEEDED, node)),
      ...NODES.map((node, index) => act(index + 11, COMPENSATED, node)),
      ...NODES.map((node, index) => act(24 - index, COMPENSATED, node, { kind: 'undo', key: `undo ${node}` })),
    ],
    attempts: NODES.map((node) => ({ key: `${SUCCEEDED} ${node}`, attempts: 1 })),
    effects: [
      ...NODES.map((node) => effect(SUCCEEDED, node)),
      ...NODES.map((node, index) => effect(COMPENSATED, node, { undoneAt: (24 - index) * 10, undoneBy: 24 - index })),
    ],
    entries: [
      { list: 'p', position: 1, run: 'x', node: 'one' },
      { list: 'p', position: 2, run: 'y', node: 'one' },
      { list: 'q', position: 1, run: 'x', node: 'two' },
      { list: 'q', position: 2, run: 'y', node: 'two' },
    ],
    instances: [{ id: 'r0#1', executor: 'e1', leaseEndedAt: 5_000 }],
    disturbances: [],
    liveExecutors: ['e2'],
    oddAnswers: [],
  };
}

const found = (change: Partial<Facts>) => check({ ...soundFacts(), ...change });
const withRun = (id: string, rest: Partial<RunFact>): Pick<Facts, 'runs'> => ({
  runs: soundFacts().runs.map((run) => (run.id === id ? { ...run, ...rest } : run)),
});
const withEffect = (run: string, node: string, rest: Partial<EffectFact>): Pick<Facts, 'effects'> => ({
  effects: soundFacts().effects.map((each) => (each.run === run && each.node === node ? { ...each, ...rest } : each)),
});
const withCall = (...calls: CallFact[]): Pick<Facts, 'calls'> => ({ calls: [...soundFacts().calls, ...calls] });

describe('the checker', () => {
  it('finds nothing in sound facts', () => {
    expect(check(soundFacts())).toEqual([]);
  });

  it.each([
    ['an acknowledged start that is not there', 'a', { runs: soundFacts().runs.slice(1) }],
    [
      'a start that gave two runs',
      'a',
      { runs: [...soundFacts().runs, runFact('twin', { idempotencyKey: `key of ${SUCCEEDED}` })] },
    ],
    ['a run compensated without a reason', 'a', withRun(SUCCEEDED, { status: 'compensated', cause: 'failure' })],
    ['a success without one of its effects', 'b', { effects: soundFacts().effects.slice(1) }],
    ['a success whose effect was taken back', 'b', withEffect(SUCCEEDED, 'b', { undoneAt: 1, undoneBy: 1 })],
    ['an effect applied twice', 'c', { effects: [...soundFacts().effects, effect(SUCCEEDED, 'a')] }],
    ['a node with two keys', 'c', { effects: [...soundFacts().effects, effect(SUCCEEDED, 'a', { key: 'other' })] }],
    ['a body repeated although nothing touched it', 'c', withCall(act(50, SUCCEEDED, 'a'))],
    ['an undo of a run that succeeded', 'd', withCall(act(50, SUCCEEDED, 'a', { kind: 'undo' }))],
    ['an undo by an instance without a lease', 'd', withCall(act(900, COMPENSATED, 'a', { kind: 'undo' }))],
    ['an undo that came too early', 'd', withEffect(COMPENSATED, 'd', { undoneAt: 5_000 })],
    ['an effect left behind', 'd', withEffect(COMPENSATED, 'c', { undoneAt: null, undoneBy: null })],
    ['a run without a live owner', 'e', withRun(SUCCEEDED, { status: 'running', state: 'PENDING' })],
    ['a run that is stuck', 'e', withRun(SUCCEEDED, { status: 'stuck', state: 'ENQUEUED' })],
    ['an outcome that DBOS never recorded', 'e', withRun(SUCCEEDED, { state: 'PENDING' })],
    ['an answer that nobody should get', 'http', { oddAnswers: ['start of saga was answered 404'] }],
  ] as const)('reports %s', (_, rule, change) => {
    expect(found(change).map((violation) => violation.rule)).toContain(rule);
  });

  it('reports appends in a circle', () => {
    const entries = [
      { list: 'p', position: 1, run: 'x', node: 'two' },
      { list: 'p', position: 2, run: 'y', node: 'one' },
      { list: 'q', position: 1, run: 'y', node: 'two' },
      { list: 'q', position: 2, run: 'x', node: 'one' },
    ];

    expect(found({ entries })).toMatchObject([{ rule: 'f' }]);
  });

  it('allows a repeat for each fault that touched it, and no more', () => {
    const kill = { what: 'kill', instance: 'r0#1', from: 100, until: 100 };
    const again = act(50, SUCCEEDED, 'a', { instance: 'r1#1' });
    const thrice = act(51, SUCCEEDED, 'a', { instance: 'r1#1' });

    expect(found({ ...withCall(again), disturbances: [kill] })).toEqual([]);
    expect(found({ ...withCall(again), disturbances: [{ ...kill, instance: 'r2#1' }] })).toMatchObject([{ rule: 'c' }]);
    expect(found({ ...withCall(again), disturbances: [{ ...kill, from: 0, until: 5 }] })).toMatchObject([
      { rule: 'c' },
    ]);
    expect(found({ ...withCall(again, thrice), disturbances: [kill] })).toMatchObject([{ rule: 'c' }]);
  });

  it('allows a repeat that the record explains', () => {
    const again = act(50, SUCCEEDED, 'a');
    const attempts = [{ key: `${SUCCEEDED} a`, attempts: 2 }];

    expect(found({ ...withCall(again), attempts })).toEqual([]);
    expect(found({ ...withCall(again, act(51, SUCCEEDED, 'a')), attempts })).toMatchObject([{ rule: 'c' }]);
  });

  it('lets poison be stuck, and nothing else', () => {
    const stuck = withRun(SUCCEEDED, { status: 'stuck', state: 'ENQUEUED' });
    const [start, other] = soundFacts().starts;

    expect(found({ ...stuck, starts: [{ ...start!, allowed: ['stuck'] }, other!] })).toEqual([]);
  });
});

describe('the checker of decisions', () => {
  const asked = (status: string, decisions = 1) => ({ id: 'apr', run: SUCCEEDED, status, decisions });

  it('finds nothing when the run went by the decision', () => {
    expect(found({ approvals: [asked('approved')], decisions: [{ approval: 'apr', decision: 'approve' }] })).toEqual(
      [],
    );
  });

  it.each([
    ['two decisions that were both taken', [asked('approved', 2)], ['approve']],
    ['two answers of 200', [asked('approved')], ['approve', 'approve']],
    ['an acknowledged decision that does not stand', [asked('approved')], ['reject']],
    ['a run that went against it', [asked('rejected')], ['reject']],
    ['a run that ignored that time was up', [asked('expired', 0)], []],
  ] as const)('reports %s', (_, approvals, answered) => {
    const decisions = answered.map((decision) => ({ approval: 'apr', decision }));

    expect(found({ approvals, decisions })).toMatchObject([{ rule: 'a', run: SUCCEEDED }]);
  });
});
