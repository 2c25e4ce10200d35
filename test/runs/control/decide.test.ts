// What an operator decides: the failed node of a run that asks, and compensations that failed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flow, Part, StartOptions } from '../live/flow.ts';
import { startLiveApp } from '../live/live-app.ts';
import type { LiveApp } from '../live/live-app.ts';
import { ask, tell, traces } from './verbs.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('control_decide');
});
afterAll(async () => await live.stop());

const refused = { fault: 'status', status: 422, times: 1 } as const;

async function startHeld(flow: Flow, modules: readonly Part[], options: StartOptions = {}): Promise<string> {
  const id = await flow.start(modules, { on_failure: 'ask', ...options });
  await flow.untilStatus(id, 'held');
  return id;
}

const three = (flow: Flow): Part[] => [
  { id: 'all', activities: [flow.write('first'), flow.write('second'), flow.write('third')] },
];

const elsewhere = (flow: Flow) => ({
  node: 'all.second',
  decision: 'retry',
  with: { path: `${flow.name}/elsewhere` },
});

describe('a run that asks on failure', () => {
  it.concurrent('is held with what failed, and nothing is undone or begun', async () => {
    const flow = live.flow();
    await flow.strike('second', refused);
    const id = await startHeld(flow, three(flow));

    const held = await flow.view(id);

    expect(held).toMatchObject({ status: 'held', cause: 'failure', error: { code: 'GITHUB_422', node: 'all.second' } });
    expect(held.waiting).toMatch(/all\.second.*retry, skip, done_by_hand or compensate/);
    expect(await flow.told()).toEqual(['write first', 'write second']);
    expect(await ask(live, 'decide', id, { node: 'all.first', decision: 'retry' })).toMatchObject({ status: 422 });
    expect(await ask(live, 'pause', id)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('held') },
    });
  });

  it.concurrent('tries the node again under a new key, with other arguments where they are given', async () => {
    const flow = live.flow();
    await flow.strike('second', { ...refused, times: 2 });
    const id = await startHeld(flow, three(flow));

    await tell(live, 'decide', id, { node: 'all.second', decision: 'retry' });
    await flow.untilCalled('write second', 2);
    await flow.untilStatus(id, 'held');
    await tell(live, 'decide', id, { node: 'all.second', decision: 'retry', with: { path: `${flow.name}/elsewhere` } });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual([
      'write first',
      'write second',
      'write second',
      'write elsewhere',
      'write third',
    ]);
    const keys = (await flow.acts()).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(await traces(live, id)).toMatchObject({ audit: ['run.decide', 'run.decide'] });
  });

  it.concurrent('looks for an act that may have happened before it tries again', async () => {
    const flow = live.flow();
    await flow.strike('second', { fault: 'reset_after_effect', times: 1 });
    const id = await startHeld(flow, three(flow));
    expect(await flow.statuses(id)).toMatchObject({ 'all.second': 'unknown' });

    await tell(live, 'decide', id, { node: 'all.second', decision: 'retry' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write first', 'write second', 'write third']);
  });

  it.concurrent('tries other arguments under a new key once an act in doubt is found absent', async () => {
    const flow = live.flow();
    await flow.strike('second', { fault: 'reset', times: 1 });
    const id = await startHeld(flow, three(flow));
    expect(await flow.statuses(id)).toMatchObject({ 'all.second': 'unknown' });

    await tell(live, 'decide', id, elsewhere(flow));

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write first', 'write second', 'write elsewhere', 'write third']);
    expect((await flow.act('write elsewhere')).key).not.toBe((await flow.act('write second')).key);
    expect(await flow.files()).toEqual(['elsewhere', 'first', 'third']);
  });

  it.concurrent('takes back what an act in doubt did before it tries other arguments', async () => {
    const flow = live.flow();
    await flow.strike('second', { fault: 'reset_after_effect', times: 1 });
    const id = await startHeld(flow, three(flow));

    await tell(live, 'decide', id, elsewhere(flow));

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write first', 'write second', 'undo second', 'write elsewhere', 'write third']);
    expect(await flow.files()).toEqual(['elsewhere', 'first', 'third']);
  });

  it.concurrent('tries other arguments of those items of a list alone that are in doubt', async () => {
    const flow = live.flow();
    await flow.strike('page-1', { fault: 'reset_after_effect', times: 1 });
    const id = await startHeld(flow, [{ id: 'pages', activities: [flow.writeEach('page', 'input.list')] }], {
      input: { list: [1, 2] },
    });

    await tell(live, 'decide', id, { ...elsewhere(flow), node: 'pages.page' });
    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['elsewhere', 'page-0']);
    await tell(live, 'compensate', id);

    expect((await flow.end(id)).status).toBe('compensated');
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('refuses other arguments where what was done stands, or where nobody can tell', async () => {
    const [standing, unclear] = [live.flow(), live.flow()];
    for (const flow of [standing, unclear]) await flow.strike('second', { fault: 'reset_after_effect', times: 1 });
    const bare = { compensation: undefined };
    const stands = await startHeld(standing, [{ id: 'all', activities: [standing.write('second', bare)] }]);
    const unknown = await startHeld(unclear, three(unclear));
    await unclear.strike('second', { fault: 'status', status: 500 }, 'GET');

    expect(await ask(live, 'decide', stands, elsewhere(standing))).toMatchObject({
      status: 409,
      body: {
        detail: expect.stringMatching(/"all\.second" took effect, and nothing takes it back: skip it, or retry/),
      },
    });
    expect(await ask(live, 'decide', unknown, elsewhere(unclear))).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('nobody can tell whether "all.second" took effect') },
    });

    expect((await standing.view(stands)).status).toBe('held');
    expect(await traces(live, stands)).toEqual({ events: [], audit: [] });
    await tell(live, 'decide', stands, { node: 'all.second', decision: 'retry' });
    expect((await standing.end(stands)).status).toBe('succeeded');
    expect(await standing.told()).toEqual(['write second']);
  });

  it.concurrent('waits with other arguments until what was done is taken back by hand', async () => {
    const flow = live.flow();
    await flow.strike('second', { fault: 'reset_after_effect', times: 1 });
    await flow.strike('second', refused, 'DELETE');
    const id = await startHeld(flow, three(flow));

    await tell(live, 'decide', id, elsewhere(flow));
    expect(await flow.end(id)).toMatchObject({
      status: 'compensation_failed',
      error: { code: 'REWIND', node: 'all.second' },
      compensation: { failures: [{ node: 'all.second' }] },
    });
    await tell(live, 'decide', id, { node: 'all.second', decision: 'done_by_hand', reason: 'deleted it' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect((await flow.told()).slice(2)).toEqual(['undo second', 'write elsewhere', 'write third']);
  });

  it.concurrent('keeps the arguments that it was last tried with', async () => {
    const flow = live.flow();
    await flow.strike('second', refused);
    await flow.strike('elsewhere', refused);
    const id = await startHeld(flow, three(flow));

    await tell(live, 'decide', id, elsewhere(flow));
    await flow.untilCalled('write elsewhere');
    await flow.untilStatus(id, 'held');
    await tell(live, 'decide', id, { node: 'all.second', decision: 'retry' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['elsewhere', 'first', 'third']);
  });

  it.concurrent('gives a module whose time is up all of it again, and those of its nodes that never began', async () => {
    const flow = live.flow();
    await flow.strike('slow', { fault: 'delay', delayMs: 8_000, times: 1 });
    const id = await startHeld(flow, [
      { id: 'all', timeout: '3s', activities: [flow.write('slow'), flow.write('after')] },
    ]);
    expect(await flow.view(id)).toMatchObject({ cause: 'timeout', error: { code: 'MODULE_TIMEOUT' } });

    await tell(live, 'decide', id, { node: 'all.slow', decision: 'retry' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['after', 'slow']);
    expect((await flow.told()).filter((what) => what === 'write after')).toHaveLength(1);
  });

  it.concurrent('goes on without the node, with a value that its action could have answered or with none', async () => {
    const flow = live.flow();
    await flow.strike('second', { ...refused, times: 2 });
    const output = { second: '${{ outputs.all.second }}' };
    const id = await startHeld(flow, three(flow), { output });
    const other = await flow.startAgain({});
    await flow.untilStatus(other, 'held');

    expect(await ask(live, 'decide', id, { node: 'all.second', decision: 'skip', value: 'nonsense' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/value' }] },
    });
    const value = { path: 'p', branch: 'main', sha: 's', url: null, commit_sha: null, created: true, previous: null };
    await tell(live, 'decide', id, { node: 'all.second', decision: 'skip', value });
    await tell(live, 'decide', other, { node: 'all.second', decision: 'skip' });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { second: value } });
    expect(await flow.end(other)).toMatchObject({ status: 'succeeded', output: { second: null } });
    expect(await flow.statuses(other)).toMatchObject({ 'all.second': 'skipped' });
  });

  it.concurrent('takes back what may have happened of a node that is skipped', async () => {
    const flow = live.flow();
    await flow.strike('second', { fault: 'reset_after_effect', times: 1 });
    const id = await startHeld(flow, three(flow));

    await tell(live, 'decide', id, { node: 'all.second', decision: 'skip' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['first', 'third']);
  });

  it.concurrent('is undone when that is decided', async () => {
    const flow = live.flow();
    await flow.strike('second', refused);
    const id = await startHeld(flow, three(flow));

    await tell(live, 'decide', id, { node: 'all.second', decision: 'compensate' });

    expect(await flow.end(id)).toMatchObject({ status: 'compensated', cause: 'failure' });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('tries only those items of a list again that failed', async () => {
    const flow = live.flow();
    await flow.strike('page-1', refused);
    const id = await startHeld(flow, [{ id: 'pages', activities: [flow.writeEach('page', 'input.list')] }], {
      input: { list: [1, 2, 3] },
    });

    await tell(live, 'decide', id, { node: 'pages.page', decision: 'retry' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect((await flow.told()).toSorted()).toEqual(['write page-0', 'write page-1', 'write page-1', 'write page-2']);
  });
});

describe('a run that stops on failure', () => {
  it.concurrent('ends failed with nothing undone, until an operator takes it back', async () => {
    const flow = live.flow();
    await flow.strike('second', refused);
    const run = await flow.run(three(flow), { on_failure: 'stop' });
    expect(run).toMatchObject({ status: 'failed' });
    expect(await flow.files()).toEqual(['first']);

    await tell(live, 'compensate', run.id, { reason: 'not needed' });

    expect(await flow.end(run.id)).toMatchObject({ status: 'compensated', error: { code: 'GITHUB_422' } });
    expect(await flow.files()).toEqual([]);
    expect(await ask(live, 'compensate', run.id)).toMatchObject({ status: 409 });
  });
});

describe('a compensation that failed', () => {
  async function startFailed(flow: Flow): Promise<string> {
    await flow.strike('third', refused);
    await flow.strike('first', refused, 'DELETE');
    const run = await flow.run(three(flow));
    expect(run).toMatchObject({ status: 'compensation_failed', compensation: { failures: [{ node: 'all.first' }] } });
    return run.id;
  }

  it.concurrent('is tried again, and the run ends as it would have', async () => {
    const flow = live.flow();
    const id = await startFailed(flow);

    await tell(live, 'decide', id, { node: 'all.first', decision: 'retry' });

    expect(await flow.end(id)).toMatchObject({ status: 'compensated', compensation: { total: 2, compensated: 2 } });
    expect(await flow.files()).toEqual([]);
    expect(await flow.told()).toEqual([
      'write first',
      'write second',
      'write third',
      'undo second',
      'undo first',
      'undo first',
    ]);
  });

  it.concurrent('was done by hand, as somebody says who gives a reason', async () => {
    const flow = live.flow();
    const id = await startFailed(flow);

    expect((await ask(live, 'decide', id, { node: 'all.first', decision: 'done_by_hand' })).status).toBe(422);
    expect((await ask(live, 'decide', id, { node: 'all.second', decision: 'retry' })).status).toBe(422);
    expect((await ask(live, 'decide', id, { node: 'all.first', decision: 'skip' })).status).toBe(422);
    await tell(live, 'decide', id, { node: 'all.first', decision: 'done_by_hand', reason: 'deleted it myself' });

    expect(await flow.end(id)).toMatchObject({ status: 'compensated', compensation: { total: 2, failed: 0 } });
    expect(await flow.files()).toEqual(['first']);
    expect(await flow.statuses(id)).toMatchObject({ 'all.first': 'compensated' });
  });
});
