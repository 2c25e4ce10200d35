// What starts when, on any graph: as soon as its own dependencies allow, at most once, and never after a failure.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/definitions/index.ts';
import { advance, isModuleSettled, moduleOf } from '../../src/runs/advance.ts';
import type { Advance, Situation } from '../../src/runs/advance.ts';
import { completed, completedInOrder, failed, resultsOf, skipped } from './a-result.ts';
import { moduleIn, nodeIn, planOf } from './plan-of.ts';
import { scenarios } from './scenarios.ts';
import { evaluateLiteral, timesOf, walk } from './walk.ts';
import type { Behaviours, Journal } from './walk.ts';

function look(plan: Plan, over: Partial<Situation> = {}): Advance {
  return advance(plan, { results: resultsOf(), running: new Set(), evaluate: evaluateLiteral, ...over });
}

function ids(nodes: readonly { readonly id: string }[]): string[] {
  return nodes.map(({ id }) => id);
}

function all(plan: Plan, tookMs: Readonly<Record<string, number>> = {}): Behaviours {
  return Object.fromEntries(plan.nodes.map(({ id }) => [id, { tookMs: tookMs[id] ?? 1, ends: 'completed' }]));
}

/** When the last of these nodes was settled; 0 when there are none. */
function settledAt({ results }: Journal, nodes: readonly string[]): number {
  return Math.max(0, ...nodes.map((id) => results.get(id)!.finishedAtMs));
}

describe('any plan', () => {
  it('comes to an end: every node settled, or a turn', () => {
    fc.assert(
      fc.property(scenarios(), ({ plan, behaviours }) => {
        const journal = walk(plan, behaviours);
        expect(journal.done).toBe(journal.turn === undefined);
        if (journal.done) expect([...journal.results.keys()].toSorted()).toEqual(ids(plan.nodes).toSorted());
      }),
    );
  });

  it('starts a node once at most', () => {
    fc.assert(
      fc.property(scenarios(), ({ plan, behaviours }) => {
        const started = walk(plan, behaviours).happenings.filter(({ kind }) => kind === 'started');
        expect(new Set(ids(started)).size).toBe(started.length);
      }),
    );
  });

  it('settles a node in one way: by its end, by being skipped or by its condition', () => {
    fc.assert(
      fc.property(scenarios(), ({ plan, behaviours }) => {
        const journal = walk(plan, behaviours);
        const settled = journal.happenings.filter(({ kind }) => kind !== 'started');
        expect(ids(settled).toSorted()).toEqual([...journal.results.keys()].toSorted());
      }),
    );
  });

  it('starts, skips or refuses a node only once all of its dependencies are settled', () => {
    fc.assert(
      fc.property(scenarios(), ({ plan, behaviours }) => {
        const settled = new Set<string>();
        for (const { kind, id } of walk(plan, behaviours).happenings) {
          if (kind !== 'ended')
            expect([...settled]).toEqual(expect.arrayContaining([...nodeIn(plan, id).dependencies]));
          if (kind !== 'started') settled.add(id);
        }
      }),
    );
  });

  it('never runs more of a module at once than the module allows', () => {
    fc.assert(
      fc.property(scenarios(), ({ plan, behaviours }) => {
        const running = new Map(plan.modules.map(({ id }) => [id, 0]));
        for (const { kind, id } of walk(plan, behaviours).happenings) {
          const { module } = nodeIn(plan, id);
          if (kind === 'started') running.set(module, running.get(module)! + 1);
          if (kind === 'ended') running.set(module, running.get(module)! - 1);
          expect(running.get(module)).toBeLessThanOrEqual(moduleIn(plan, module).maxParallel);
        }
      }),
    );
  });

  it('starts nothing once a required node has failed, and turns round', () => {
    fc.assert(
      fc.property(scenarios(), ({ plan, behaviours }) => {
        const { happenings, results, turn } = walk(plan, behaviours);
        const isFatal = (id: string): boolean => !nodeIn(plan, id).optional && results.get(id)!.error !== undefined;
        const first = happenings.findIndex(({ kind, id }) => kind !== 'started' && isFatal(id));

        expect(turn === undefined).toBe(first === -1);
        if (first === -1) return;
        expect(turn).toMatchObject({ cause: 'failure', at: expect.toSatisfy(isFatal) });
        const after = happenings.slice(first + 1).map(({ kind }) => kind);
        expect(after).not.toContain('started');
      }),
    );
  });

  it('goes on past the failures of optional nodes', () => {
    fc.assert(
      fc.property(scenarios({ failures: 'optional', conditions: 'evaluable' }), ({ plan, behaviours }) => {
        const { turn, done } = walk(plan, behaviours);
        expect({ turn, done }).toEqual({ turn: undefined, done: true });
      }),
    );
  });

  it("skips a node exactly when its condition or its module's is false, with output null, and runs what depends on it", () => {
    fc.assert(
      fc.property(scenarios({ failures: 'none', conditions: 'evaluable' }), ({ plan, behaviours }) => {
        const { results } = walk(plan, behaviours);
        for (const node of plan.nodes) {
          const conditions = [node.when?.cel, moduleIn(plan, node.module).when?.cel];
          const expected = conditions.includes('false')
            ? { status: 'skipped', value: null }
            : { status: 'completed', value: 'value' };
          expect(results.get(node.id)).toMatchObject(expected);
        }
      }),
    );
  });

  it('ends the same when it is killed at any moment and goes on from its record', () => {
    fc.assert(
      fc.property(scenarios(), fc.nat(), ({ plan, behaviours }, cut) => {
        const whole = walk(plan, behaviours);
        fc.pre(whole.done);
        const record = [...whole.results].toSorted(([, a], [, b]) => a.finishedAtMs - b.finishedAtMs);
        const recorded = new Map(record.slice(0, cut % (record.length + 1)));

        const rest = walk(plan, behaviours, recorded);

        expect(rest.done).toBe(true);
        expect(statuses(rest)).toEqual(statuses(whole));
        for (const { id } of rest.happenings) expect(recorded.has(id)).toBe(false);
      }),
    );
  });
});

function statuses({ results }: Journal): Record<string, string> {
  return Object.fromEntries([...results].map(([id, { status }]) => [id, status]));
}

describe('eager execution', () => {
  it('starts every node at the very moment its last dependency is settled: no barrier', () => {
    fc.assert(
      fc.property(scenarios({ execution: 'eager', failures: 'optional', limits: false }), ({ plan, behaviours }) => {
        const journal = walk(plan, behaviours);
        fc.pre(journal.done);
        for (const [id, atMs] of timesOf(journal, 'started'))
          expect(atMs).toBe(settledAt(journal, nodeIn(plan, id).dependencies));
      }),
    );
  });

  it('starts the successor of a fast node while the slow sibling still runs', () => {
    const plan = planOf({ work: { acts: ['fast', 'slow', { name: 'successor', after: ['fast'] }] } });
    const journal = walk(plan, all(plan, { 'work.fast': 10, 'work.slow': 100 }));
    expect(timesOf(journal, 'started').get('work.successor')).toBe(10);
  });

  it('starts what is ready together in document order', () => {
    const plan = planOf({ b: { acts: ['x', 'a'] }, a: { acts: ['z'] } });
    expect(ids(look(plan).start)).toEqual(['b.x', 'b.a', 'a.z']);
  });

  it('runs a sequential module one by one', () => {
    const plan = planOf({ write: { sequential: true, acts: ['draft', 'polish', 'store'] } });
    const journal = walk(plan, all(plan, { 'write.draft': 5, 'write.polish': 2 }));
    expect([...timesOf(journal, 'started').values()]).toEqual([0, 5, 7]);
  });

  it('waits for every node of the modules a module depends on', () => {
    const plan = planOf({ research: { acts: ['a', 'b'] }, write: { after: ['research'], acts: ['draft'] } });
    expect(ids(look(plan, { results: completedInOrder('research.a') }).start)).toEqual(['research.b']);
    expect(ids(look(plan, { results: completedInOrder('research.a', 'research.b') }).start)).toEqual(['write.draft']);
  });
});

describe('execution in waves', () => {
  it('starts no node before every node of the waves before it is settled, and then all of them at once', () => {
    fc.assert(
      fc.property(scenarios({ execution: 'waves', failures: 'optional', limits: false }), ({ plan, behaviours }) => {
        const journal = walk(plan, behaviours);
        fc.pre(journal.done);
        for (const [id, atMs] of timesOf(journal, 'started')) {
          const earlier = plan.nodes.filter(({ wave }) => wave < nodeIn(plan, id).wave);
          expect(atMs).toBe(settledAt(journal, ids(earlier)));
        }
      }),
    );
  });

  it('keeps the successor of a fast node until the slow sibling is done', () => {
    const plan = planOf(
      { work: { acts: ['fast', 'slow', { name: 'successor', after: ['fast'] }] } },
      { execution: 'waves' },
    );
    const journal = walk(plan, all(plan, { 'work.fast': 10, 'work.slow': 100 }));
    expect(timesOf(journal, 'started').get('work.successor')).toBe(100);
  });
});

describe('advance', () => {
  it('is done when every node is settled, whatever as', () => {
    const plan = planOf({ work: { acts: ['a', { name: 'b', optional: true }, 'c'] } });
    const results = resultsOf({ 'work.a': completed(), 'work.b': failed(), 'work.c': skipped() });

    expect(look(plan, { results })).toEqual({ skip: [], fail: [], start: [], done: true });
    expect(look(plan, { results: resultsOf({ 'work.a': completed() }) }).done).toBe(false);
  });

  it('gives the places of a limited module to the first in document order that are not running', () => {
    const plan = planOf({ work: { acts: ['a', 'b', 'c', 'd'], maxParallel: 2 }, other: { acts: ['e'] } });
    expect(ids(look(plan).start)).toEqual(['work.a', 'work.b', 'other.e']);
    expect(ids(look(plan, { running: new Set(['work.a']) }).start)).toEqual(['work.b', 'other.e']);
    expect(ids(look(plan, { running: new Set(['work.a', 'work.b', 'other.e']) }).start)).toEqual([]);
  });

  it('skips every node of a module whose condition is false without asking the nodes', () => {
    const plan = planOf({ mail: { when: { cel: 'false' }, acts: ['a', { name: 'b', when: { cel: 'nonsense' } }] } });
    expect(look(plan)).toMatchObject({ skip: [{ id: 'mail.a' }, { id: 'mail.b' }], fail: [], start: [] });
  });

  it('fails a node whose condition cannot be evaluated, and starts nothing beside it', () => {
    const plan = planOf({ mail: { acts: ['a', { name: 'b', when: { cel: 'nonsense' } }] } });

    const { fail, start } = look(plan);

    expect(fail).toMatchObject([
      { node: { id: 'mail.b' }, failure: { code: 'EXPRESSION', message: 'nonsense: no such variable' } },
    ]);
    expect(start).toEqual([]);
  });

  it('fails every node of a module whose condition cannot be evaluated', () => {
    const plan = planOf({ mail: { when: { cel: 'nonsense' }, acts: ['a', 'b'] } });
    expect(look(plan).fail).toMatchObject([{ node: { id: 'mail.a' } }, { node: { id: 'mail.b' } }]);
  });

  it('lets a defect in a condition through: that is no failure of the run', () => {
    const plan = planOf({ mail: { acts: [{ name: 'a', when: { cel: 'true' } }], require: { cel: 'true' } } });
    const broken = (): never => {
      throw new TypeError('a bug');
    };

    expect(() => look(plan, { evaluate: broken })).toThrow(TypeError);
    expect(() => look(plan, { evaluate: broken, results: completedInOrder('mail.a') })).toThrow(TypeError);
  });

  it('asks a condition of whom it belongs to', () => {
    const plan = planOf({ mail: { when: { cel: 'true' }, acts: [{ name: 'a', when: { cel: 'true' } }] } });
    const owners: string[] = [];

    look(plan, { evaluate: (_, owner) => owners.push(owner.id) > 0 });

    expect(owners).toEqual(['mail', 'mail.a']);
  });
});

describe('the turn', () => {
  const plan = planOf({
    work: { acts: ['a', 'b', { name: 'c', optional: true }] },
    review: { after: ['work'], approval: {} },
    ship: { after: ['review'], acts: ['d'] },
  });

  it.each([
    ['failed', failed()],
    ['unknown', failed({ unknown: true })],
  ])('follows a required node that is %s', (_, result) => {
    const step = look(plan, { results: resultsOf({ 'work.b': result }), running: new Set(['work.a']) });
    expect(step).toEqual({
      skip: [],
      fail: [],
      start: [],
      done: false,
      turn: { cause: 'failure', at: 'work.b', failure: result.error },
    });
  });

  it('names the first of several failures in document order, whichever came first', () => {
    const results = resultsOf({ 'work.b': failed({}, 1), 'work.a': failed({}, 2) });
    expect(look(plan, { results }).turn?.at).toBe('work.a');
  });

  it('does not follow an optional node', () => {
    expect(look(plan, { results: resultsOf({ 'work.c': failed() }) }).turn).toBeUndefined();
  });

  it('has the cause timeout when a module ran out of time', () => {
    const results = resultsOf({ 'work.a': failed({ code: 'MODULE_TIMEOUT', kind: 'timeout' }) });
    expect(look(plan, { results }).turn).toMatchObject({
      cause: 'timeout',
      at: 'work.a',
      failure: { code: 'MODULE_TIMEOUT' },
    });
  });

  it.each([
    ['a rejection', { decision: 'reject' }, 'rejection'],
    ['an approval that nobody answered', { decision: 'reject', expired: true }, 'timeout'],
  ])('follows %s, without a failure', (_, decision, cause) => {
    const results = new Map([
      ...completedInOrder('work.a', 'work.b', 'work.c'),
      ['review', completed(decision)] as const,
    ]);
    expect(look(plan, { results }).turn).toEqual({ cause, at: 'review', failure: null });
  });

  it('does not follow an approval, given or skipped', () => {
    const work = completedInOrder('work.a', 'work.b', 'work.c');
    for (const review of [
      completed({ decision: 'approve' }),
      completed({ decision: 'approve', expired: true }),
      skipped(),
    ]) {
      const step = look(plan, { results: new Map([...work, ['review', review] as const]) });
      expect(step.turn).toBeUndefined();
      expect(ids(step.start)).toEqual(['ship.d']);
    }
  });

  it("does not take an activity's output for a decision", () => {
    expect(look(plan, { results: resultsOf({ 'work.a': completed({ decision: 'reject' }) }) }).turn).toBeUndefined();
  });
});

describe('require', () => {
  const requiring = (cel: string, optional = false): Plan =>
    planOf({
      send: {
        acts: [
          { name: 'mail', optional: true },
          { name: 'post', optional: true },
        ],
        require: { cel },
        optional,
      },
    });
  const settled = resultsOf({ 'send.mail': failed(), 'send.post': completed() });

  it('turns the run when it is false, and says what was required', () => {
    expect(look(requiring('false'), { results: settled }).turn).toEqual({
      cause: 'failure',
      at: 'send',
      failure: expect.objectContaining({
        code: 'REQUIRE',
        message: 'module "send" does not meet what it requires: false',
        retryable: false,
      }),
    });
  });

  it('turns the run when it cannot be evaluated', () => {
    expect(look(requiring('nonsense'), { results: settled }).turn).toMatchObject({
      cause: 'failure',
      at: 'send',
      failure: { code: 'EXPRESSION' },
    });
  });

  it('lets the run go on when it is true', () => {
    expect(look(requiring('true'), { results: settled })).toMatchObject({ done: true });
  });

  it('is not asked before the whole module is settled', () => {
    expect(look(requiring('false'), { results: resultsOf({ 'send.mail': failed() }) }).turn).toBeUndefined();
  });

  it('is not asked of a module that was skipped as a whole, nor of an optional one', () => {
    const nothing = resultsOf({ 'send.mail': skipped(), 'send.post': skipped() });
    expect(look(requiring('false'), { results: nothing })).toMatchObject({ done: true });
    expect(look(requiring('false', true), { results: settled })).toMatchObject({ done: true });
  });

  it('is asked of a module of which something was done', () => {
    const some = resultsOf({ 'send.mail': skipped(), 'send.post': completed() });
    expect(look(requiring('false'), { results: some }).turn?.at).toBe('send');
  });

  it('comes after the failures of nodes', () => {
    const plan = planOf({ send: { acts: ['mail'], require: { cel: 'false' } } });
    expect(look(plan, { results: resultsOf({ 'send.mail': failed() }) }).turn?.at).toBe('send.mail');
  });
});

describe('isModuleSettled', () => {
  it('is true once all nodes are settled', () => {
    const plan = planOf({ work: { acts: ['a', 'b'] } });
    expect(isModuleSettled(plan, moduleIn(plan, 'work'), completedInOrder('work.a'))).toBe(false);
    expect(isModuleSettled(plan, moduleIn(plan, 'work'), completedInOrder('work.a', 'work.b'))).toBe(true);
  });
});

describe('moduleOf', () => {
  const plan = planOf({ work: { acts: ['a'] } });

  it('finds the module of a node', () => {
    expect(moduleOf(plan, nodeIn(plan, 'work.a')).id).toBe('work');
  });

  it('refuses a plan that does not hold together', () => {
    expect(() => moduleOf({ ...plan, modules: [] }, nodeIn(plan, 'work.a'))).toThrow(
      'plan of launch has no module work',
    );
  });
});
