// One act an item of a list: their order, how many at once, what a failure among them does, and what is undone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flow, Part } from './flow.ts';
import { atOnce } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_for_each');
});
afterAll(async () => await live.stop());

const each = (flow: Flow, over: Part = {}): Part[] => [
  { id: 'pages', activities: [flow.writeEach('page', 'input.list', over)] },
];
const SHOWN = '${{ outputs.pages.page }}';
const refusal = { fault: 'status', status: 422 } as const;

describe('for_each', () => {
  it.concurrent('answers in the order of the list, whichever item is done first', async () => {
    const flow = live.flow();
    await flow.slow('page-0', 500);

    const run = await flow.run(each(flow), { input: { list: ['x', 'y', 'z'] }, output: SHOWN });

    const paths = (run.output as { path: string }[]).map(({ path }) => path);
    expect(run.status).toBe('succeeded');
    expect(paths).toEqual([0, 1, 2].map((index) => `${flow.name}/page-${index}`));
  });

  it.concurrent('runs no more items at once than max_parallel allows', async () => {
    const flow = live.flow();
    for (const index of [0, 1, 2, 3]) await flow.slow(`page-${index}`, 300);

    await flow.run(each(flow, { max_parallel: 2 }), { input: { list: [1, 2, 3, 4] } });

    const times = (await flow.acts()).map(({ atMs }) => atMs);
    expect(times).toHaveLength(4);
    expect(times[1]! - times[0]!).toBeLessThan(300);
    expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(300);
    expect(times[3]! - times[1]!).toBeGreaterThanOrEqual(300);
  });

  it.concurrent('gives each item its own key', async () => {
    const flow = live.flow();

    await flow.run(each(flow), { input: { list: [1, 2, 3] } });

    const keys = (await flow.acts()).map(({ key }) => key);
    expect(new Set(keys).size).toBe(3);
    expect(keys).not.toContain(undefined);
  });

  it.concurrent('lets the other items settle when one fails, then fails and undoes what they did', async () => {
    const flow = live.flow();
    await flow.strike('page-1', refusal);
    await flow.slow('page-0', 400);

    const id = await flow.start(each(flow, { max_parallel: 1 }), { input: { list: [1, 2, 3] } });

    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      error: { code: 'GITHUB_422', node: 'pages.page', message: expect.stringContaining('item 1') },
      compensation: { total: 2, compensated: 2, failed: 0 },
    });
    const told = await flow.told();
    expect(told.slice(0, 3)).toEqual(['write page-0', 'write page-1', 'write page-2']);
    expect(told.slice(3).toSorted()).toEqual(['undo page-0', 'undo page-2']);
    expect(await flow.statuses(id)).toEqual({ 'pages.page': 'compensated' });
  });

  it.concurrent('puts null in the place of an item that failed where it is optional', async () => {
    const flow = live.flow();
    await flow.strike('page-1', refusal);

    const run = await flow.run(each(flow, { optional: true }), { input: { list: [1, 2, 3] }, output: SHOWN });

    expect(run).toMatchObject({
      status: 'succeeded',
      output: [{ path: `${flow.name}/page-0` }, null, { path: `${flow.name}/page-2` }],
    });
  });

  it.concurrent('undoes at once an optional item that may have happened, and keeps the others', async () => {
    const flow = live.flow();
    await flow.strike('page-1', { fault: 'reset_after_effect' });

    const run = await flow.run(each(flow, { optional: true }), { input: { list: [1, 2] }, output: SHOWN });

    expect(run).toMatchObject({ status: 'succeeded', output: [{ path: `${flow.name}/page-0` }, null] });
    expect(await flow.files()).toEqual(['page-0']);
  });

  it.concurrent('retries an item by itself', async () => {
    const flow = live.flow();
    await flow.strike('page-1', { fault: 'status', status: 503, times: 1 });

    const run = await flow.run(each(flow, { retry: atOnce(2) }), { input: { list: [1, 2] } });

    expect(run.status).toBe('succeeded');
    expect((await flow.told()).toSorted()).toEqual(['write page-0', 'write page-1', 'write page-1']);
  });

  it.concurrent('is completed at once with an empty list', async () => {
    const flow = live.flow();

    const id = await flow.start(each(flow), { input: { list: [] }, output: SHOWN });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: [] });
    expect(await flow.statuses(id)).toEqual({ 'pages.page': 'completed' });
  });

  it.concurrent.each([
    { what: 'what is no list', list: { a: 1 } },
    { what: 'more items than there are step ids for', list: Array.from({ length: 16_385 }, () => 1) },
  ])('fails on $what', async ({ list }) => {
    const flow = live.flow();

    const run = await flow.run(each(flow), { input: { list } });

    expect(run).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION', node: 'pages.page' } });
    expect(await flow.told()).toEqual([]);
  });

  it.concurrent('tells that an undo among its items failed, whichever it was', async () => {
    const flow = live.flow();
    await flow.strike('page-1', refusal, 'DELETE');
    await flow.strike('last', refusal);

    const id = await flow.start(
      [...each(flow), { id: 'then', depends_on: ['pages'], activities: [flow.write('last')] }],
      { input: { list: [1, 2, 3] } },
    );

    expect(await flow.end(id)).toMatchObject({
      status: 'compensation_failed',
      compensation: { total: 3, compensated: 2, failed: 1, failures: [{ node: 'pages.page[1]' }] },
    });
    expect(await flow.files()).toEqual(['page-1']);
    expect((await flow.nodes(id))['pages.page']).toMatchObject({
      status: 'compensation_failed',
      compensation_status: 'compensation_failed',
    });
  });
});
