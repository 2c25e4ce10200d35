// Where a run and what it does stand in a trace: the same whoever asks, and nobody at the place of another.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idempotencyKey, newRunId, parseTraceparent, traceparentOf } from '../../src/kernel/index.ts';
import { moduleSpans } from '../../src/runs/module-spans.ts';
import type { NodeResult } from '../../src/runs/node-result.ts';
import { attemptPlace, placeOf, runTrace } from '../../src/runs/run-trace.ts';
import { planOf } from './plan-of.ts';

const CALLER = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

describe('the trace of a run', () => {
  it('is its own, under the digits of its id, where nobody asked for another', () => {
    const id = newRunId(1_700_000_000_000);

    const { run } = runTrace(id, null);

    expect(id.replaceAll(/^run_|-/g, '')).toBe(run.traceId);
    expect(run).toMatchObject({ sampled: true });
    expect(run).not.toHaveProperty('parentSpanId');
    expect(runTrace('a run of a test', null).run.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("is the caller's where it came with one, sampled or not", () => {
    expect(runTrace('r', CALLER).run).toMatchObject({ traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16) });
    expect(runTrace('r', CALLER.replace(/01$/, '00')).run.sampled).toBe(false);
    expect(runTrace('r', 'nonsense').run).toEqual(runTrace('r', null).run);
  });

  it('gives every process the same places, each of which others can be told of', () => {
    fc.assert(
      fc.property(fc.string(), fc.uniqueArray(fc.string(), { minLength: 2 }), (id, modules) => {
        const [one, other] = [runTrace(id, null), runTrace(id, null)];
        const places = modules.map((module) => one.module(module));

        expect(modules.map((module) => other.module(module))).toEqual(places);
        expect(new Set([one.run, ...places].map(({ spanId }) => spanId)).size).toBe(modules.length + 1);
        for (const place of places) expect(parseTraceparent(traceparentOf(place))?.spanId).toBe(place.spanId);
      }),
    );
  });

  it('has a place for each attempt of each act', () => {
    const { run } = runTrace('r', null);
    const keys = ['a', 'b'].flatMap((nodeId) =>
      [0, 1].flatMap((epoch) => [false, true].map((undo) => idempotencyKey({ runId: 'r', nodeId, epoch, undo }))),
    );

    const places = keys.flatMap((key) => [1, 2, 20].map((attempt) => attemptPlace(run, key, attempt)));

    expect(new Set(places.map(({ spanId }) => spanId)).size).toBe(places.length);
    for (const place of places)
      expect(place).toMatchObject({ spanId: expect.stringMatching(/^[0-9a-f]{16}$/), parentSpanId: run.spanId });
  });
});

describe('moduleSpans', () => {
  const plan = planOf({ a: { acts: ['x'] }, b: { after: ['a'], acts: ['y'] }, c: { after: ['a'], acts: ['z'] } });
  const trace = runTrace('r', null);
  const result = (status: NodeResult['status'], finishedAtMs: number): NodeResult => ({
    status,
    value: null,
    finishedAtMs,
  });

  it('begin when what they wait for is done, end with their last node, and leave out what was skipped', () => {
    const results = new Map([
      ['a.x', result('completed', 20)],
      ['b.y', result('failed', 35)],
      ['c.z', result('skipped', 36)],
    ]);

    expect(moduleSpans(plan, results, { trace, startedAtMs: 10 })).toEqual([
      { id: 'a', place: trace.module('a'), startedAtMs: 10, finishedAtMs: 20, failed: false },
      { id: 'b', place: trace.module('b'), startedAtMs: 20, finishedAtMs: 35, failed: true },
    ]);
  });

  it('are the places of what their nodes do', () => {
    expect(placeOf({ plan, trace }, plan.nodes[1]!)).toEqual(trace.module('b'));
    expect(placeOf({ plan: { modules: [] }, trace }, plan.nodes[1]!)).toEqual(trace.run);
  });
});
