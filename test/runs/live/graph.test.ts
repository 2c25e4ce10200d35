// What starts when, what is skipped and what a run may do without.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flow, Part } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_graph');
});
afterAll(async () => await live.stop());

const SLOW_MS = 1_500;

/** Two nodes of which one is slow, and a node that needs only the fast one. */
const fastAndSlow = (flow: Flow): Part[] => [
  { id: 'first', type: 'parallel', activities: [flow.write('fast'), flow.write('slow')] },
  { id: 'then', type: 'parallel', activities: [flow.write('after', { depends_on: ['first.fast'] })] },
];

async function between(flow: Flow, earlier: string, later: string): Promise<number> {
  return (await flow.act(later)).atMs - (await flow.act(earlier)).atMs;
}

describe('what starts when', () => {
  it.concurrent('a node starts once its own dependencies are done, whatever their siblings do', async () => {
    const flow = live.flow();
    await flow.slow('slow', SLOW_MS);

    const run = await flow.run(fastAndSlow(flow));

    expect(run).toMatchObject({ status: 'succeeded', progress: 100 });
    expect(await between(flow, 'write slow', 'write after')).toBeLessThan(SLOW_MS);
  });

  it.concurrent('with waves it starts only after the whole wave before it', async () => {
    const flow = live.flow();
    await flow.slow('slow', SLOW_MS);

    await flow.run(fastAndSlow(flow), { execution: 'waves' });

    expect(await between(flow, 'write slow', 'write after')).toBeGreaterThanOrEqual(SLOW_MS);
  });

  it.concurrent('a module that depends on a module waits for all of its nodes', async () => {
    const flow = live.flow();
    await flow.slow('slow', SLOW_MS);

    await flow.run([
      { id: 'first', type: 'parallel', activities: [flow.write('fast'), flow.write('slow')] },
      { id: 'then', depends_on: ['first'], activities: [flow.write('after')] },
    ]);

    expect(await between(flow, 'write slow', 'write after')).toBeGreaterThanOrEqual(SLOW_MS);
  });

  it.concurrent('activities of a sequential module go one after the other', async () => {
    const flow = live.flow();
    await flow.slow('b', 400);

    await flow.run([{ id: 'line', activities: [flow.write('a'), flow.write('b'), flow.write('c')] }]);

    expect(await flow.told()).toEqual(['write a', 'write b', 'write c']);
    expect(await between(flow, 'write b', 'write c')).toBeGreaterThanOrEqual(400);
  });

  it.concurrent('no more activities of a module run at once than max_parallel allows', async () => {
    const flow = live.flow();
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await flow.slow(name, 300);

    const id = await flow.start([
      { id: 'pair', type: 'parallel', max_parallel: 2, activities: names.map((name) => flow.write(name)) },
    ]);
    await flow.end(id);

    const times = (await flow.acts()).map(({ atMs }) => atMs);
    expect(times).toHaveLength(4);
    expect(times[1]! - times[0]!).toBeLessThan(300);
    expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(300);
    expect(times[3]! - times[1]!).toBeGreaterThanOrEqual(300);
  });
});

describe('when', () => {
  it.concurrent('skips a node that it refuses, and what depends on it runs with null', async () => {
    const flow = live.flow();

    const id = await flow.start(
      [
        { id: 'maybe', activities: [flow.write('never', { when: 'input.wanted' })] },
        {
          id: 'then',
          depends_on: ['maybe'],
          activities: [flow.write('after', { when: "outputs.maybe.never == null && status.maybe.never == 'skipped'" })],
        },
      ],
      { input: { wanted: false }, output: { never: '${{ outputs.maybe.never }}' } },
    );

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { never: null } });
    expect(await flow.told()).toEqual(['write after']);
    expect(await flow.statuses(id)).toEqual({ 'maybe.never': 'skipped', 'then.after': 'completed' });
  });

  it.concurrent('on a module skips all of its activities, and there is nothing of them to undo', async () => {
    const flow = live.flow();
    await flow.strike('last', { fault: 'status', status: 422 });

    const id = await flow.start([
      { id: 'maybe', type: 'parallel', when: 'false', activities: [flow.write('a'), flow.write('b')] },
      { id: 'then', depends_on: ['maybe'], activities: [flow.write('last')] },
    ]);

    expect(await flow.end(id)).toMatchObject({ status: 'failed', cause: 'failure' });
    expect(await flow.told()).toEqual(['write last']);
    expect(await flow.statuses(id)).toEqual({ 'maybe.a': 'skipped', 'maybe.b': 'skipped', 'then.last': 'failed' });
  });

  it.concurrent('skips an approval, whose decision is then null', async () => {
    const flow = live.flow();

    const run = await flow.run(
      [
        {
          id: 'review',
          type: 'approval',
          when: 'false',
          approval: { title: 'Go?', approvers: ['user:ann'], timeout: '1h' },
        },
        {
          id: 'then',
          depends_on: ['review'],
          activities: [flow.write('after', { when: 'outputs.review.decision == null' })],
        },
      ],
      { output: { decision: '${{ outputs.review.decision }}' } },
    );

    expect(run).toMatchObject({ status: 'succeeded', output: { decision: null } });
    expect(await flow.told()).toEqual(['write after']);
  });

  it.concurrent('that cannot be evaluated fails its node and turns the run round', async () => {
    const flow = live.flow();

    const id = await flow.start(
      [
        { id: 'before', activities: [flow.write('done')] },
        { id: 'then', depends_on: ['before'], activities: [flow.write('never', { when: 'input.list[7] == 1' })] },
      ],
      { input: { list: [] } },
    );

    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      error: { code: 'EXPRESSION', node: 'then.never' },
    });
    expect(await flow.files()).toEqual([]);
  });
});

describe('optional', () => {
  it.concurrent('lets a run go on without a node that failed, its output being null', async () => {
    const flow = live.flow();
    await flow.strike('spare', { fault: 'status', status: 422 });

    const id = await flow.start(
      [
        { id: 'first', activities: [flow.write('spare', { optional: true })] },
        { id: 'then', depends_on: ['first'], activities: [flow.write('after')] },
      ],
      { output: { spare: '${{ outputs.first.spare }}', status: '${{ status.first.spare }}' } },
    );

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { spare: null, status: 'failed' } });
    expect(await flow.files()).toEqual(['after']);
  });

  it.concurrent('on a module makes all of its activities optional', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 422 });
    await flow.strike('b', { fault: 'status', status: 422 });

    const run = await flow.run([
      {
        id: 'spare',
        type: 'parallel',
        optional: true,
        activities: [flow.write('a'), flow.write('b'), flow.write('c')],
      },
      { id: 'then', depends_on: ['spare'], activities: [flow.write('after')] },
    ]);

    expect(run.status).toBe('succeeded');
    expect(await flow.files()).toEqual(['after', 'c']);
  });

  it.concurrent('undoes at once an act that may have happened, and goes on', async () => {
    const flow = live.flow();
    await flow.strike('spare', { fault: 'reset_after_effect' });

    const id = await flow.start([
      { id: 'first', activities: [flow.write('spare', { optional: true })] },
      { id: 'then', depends_on: ['first'], activities: [flow.write('after')] },
    ]);

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
    expect(await flow.told()).toEqual(['write spare', 'undo spare', 'write after']);
    expect(await flow.statuses(id)).toMatchObject({ 'first.spare': 'compensated' });
  });
});

describe('require', () => {
  const parts = (flow: Flow, require: string): Part[] => [
    {
      id: 'channels',
      type: 'parallel',
      require,
      activities: ['a', 'b'].map((name) => flow.write(name, { optional: true })),
    },
    { id: 'then', depends_on: ['channels'], activities: [flow.write('after')] },
  ];
  const ANY = "status.channels.a == 'completed' || status.channels.b == 'completed'";

  it.concurrent('is met by what the module still achieved', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 422 });

    expect(await flow.run(parts(flow, ANY))).toMatchObject({ status: 'succeeded' });
    expect(await flow.files()).toEqual(['after', 'b']);
  });

  it.concurrent('turns the run round when it is not met, and nothing behind it starts', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 422 });

    const run = await flow.run(parts(flow, "status.channels.a == 'completed'"));

    expect(run).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      error: { code: 'REQUIRE', node: 'channels' },
    });
    expect(await flow.files()).toEqual([]);
    expect(await flow.told()).not.toContain('write after');
  });
});

describe('a required failure', () => {
  it.concurrent('lets what is in flight finish, starts nothing more and skips all that is behind it', async () => {
    const flow = live.flow();
    await flow.slow('slow', 600);
    await flow.strike('bad', { fault: 'status', status: 422 });

    const id = await flow.start([
      { id: 'first', type: 'parallel', activities: [flow.write('slow'), flow.write('bad')] },
      { id: 'beside', type: 'parallel', activities: [flow.write('behind', { depends_on: ['first.slow'] })] },
      { id: 'then', depends_on: ['beside'], activities: [flow.write('far')] },
    ]);

    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      error: { code: 'GITHUB_422', node: 'first.bad' },
    });
    expect((await flow.told()).toSorted()).toEqual(['undo slow', 'write bad', 'write slow']);
    expect(await flow.statuses(id)).toEqual({
      'first.slow': 'compensated',
      'first.bad': 'failed',
      'beside.behind': 'skipped',
      'then.far': 'skipped',
    });
  });
});

describe('an expression error', () => {
  it.concurrent('in arguments fails the node without a request', async () => {
    const flow = live.flow();

    const run = await flow.run(
      [
        { id: 'before', activities: [flow.write('done')] },
        {
          id: 'then',
          depends_on: ['before'],
          activities: [
            { ...flow.write('never'), with: { ...(flow.write('never').with as Part), content: '{{ input.nothing }}' } },
          ],
        },
      ],
      { input: {} },
    );

    expect(run).toMatchObject({ status: 'compensated', error: { code: 'EXPRESSION', node: 'then.never' } });
    expect(await flow.told()).toEqual(['write done', 'undo done']);
  });

  it.concurrent('in the output turns a run round that did everything else', async () => {
    const flow = live.flow();

    const run = await flow.run([{ id: 'only', activities: [flow.write('done')] }], {
      input: { list: [] },
      output: { first: '${{ input.list[0] }}' },
    });

    expect(run).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      error: { code: 'EXPRESSION', node: 'output' },
    });
    expect(await flow.files()).toEqual([]);
  });
});
