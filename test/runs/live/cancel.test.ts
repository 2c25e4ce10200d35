// What an operator's cancel does to a run that waits, acts, pauses between attempts, or is over.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_cancel');
});
afterAll(async () => await live.stop());

const LONG_MS = 60_000;
const message = { id: 'signed', type: 'wait', depends_on: ['before'], wait: { message: 'signed' } };

describe('a cancel', () => {
  it.concurrent.each([
    { what: 'a message', wait: { message: 'signed' } },
    { what: 'a time', wait: { for: '1h' } },
  ])('ends a wait for $what within a second, and undoes what was done', async ({ wait }) => {
    const flow = live.flow();
    const id = await flow.start([
      { id: 'before', activities: [flow.write('done')] },
      { ...message, wait },
    ]);
    await flow.untilStatus(id, 'waiting');

    const askedAt = performance.now();
    expect(await flow.cancel(id, { reason: 'enough' })).toBe(202);
    await flow.untilCalled('undo done');
    const tookMs = performance.now() - askedAt;

    expect(tookMs).toBeLessThan(1_000);
    expect(await flow.end(id)).toMatchObject({
      status: 'cancelled',
      cause: 'cancel',
      error: { code: 'CANCELLED', message: expect.stringContaining('enough') },
      compensation: { total: 1, compensated: 1 },
    });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('ends the wait for a person, and withdraws the question', async () => {
    const flow = live.flow();
    const id = await flow.start([
      { id: 'review', type: 'approval', approval: { title: 'Go?', approvers: ['user:ann'], timeout: '1h' } },
    ]);
    const question = await flow.question(id);

    await flow.cancel(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', cause: 'cancel' });
    expect((await live.call('GET', `/v1/approvals/${question}`)).body.status).toBe('withdrawn');
  });

  it.concurrent('aborts an act in flight, which counts as unknown and is undone no earlier than it could arrive', async () => {
    const flow = live.flow();
    await flow.slow('slow', LONG_MS);
    const id = await flow.start([
      { id: 'before', activities: [flow.write('done')] },
      {
        id: 'then',
        depends_on: ['before'],
        activities: [flow.write('slow', { timeout: '1500ms' }), flow.write('never')],
      },
    ]);
    await flow.untilCalled('write slow');

    const askedAtMs = Date.now();
    await flow.cancel(id);
    await flow.untilNode(id, 'then.slow', 'unknown');

    expect(await flow.end(id)).toMatchObject({
      status: 'cancelled',
      compensation: { total: 2, compensated: 2, failed: 0 },
    });
    expect(await flow.told()).toEqual(['write done', 'write slow', 'undo slow', 'undo done']);
    expect((await flow.act('undo slow')).atMs - askedAtMs).toBeGreaterThanOrEqual(1_500);
    expect(await flow.statuses(id)).toEqual({
      'before.done': 'compensated',
      'then.slow': 'compensated',
      'then.never': 'skipped',
    });
  });

  it.concurrent('finds that an aborted act did not happen, and undoes the rest', async () => {
    const flow = live.flow();
    await flow.strike('slow', { fault: 'hang' });
    const id = await flow.start([
      { id: 'before', activities: [flow.write('done')] },
      { id: 'then', depends_on: ['before'], activities: [flow.write('slow', { timeout: '800ms' })] },
    ]);
    await flow.untilCalled('write slow');

    await flow.cancel(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', compensation: { total: 1, compensated: 1 } });
    expect(await flow.told()).toEqual(['write done', 'write slow', 'undo done']);
  });

  it.concurrent('ends the pause between two attempts', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'reset' });
    const retry = { strategy: 'linear', initial_interval: '60s', max_interval: '60s', max_attempts: 3 };
    const id = await flow.start([{ id: 'only', activities: [flow.write('a', { retry })] }]);
    await flow.untilCalled('write a');

    await flow.cancel(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(await flow.told()).toEqual(['write a']);
  });

  it.concurrent('leaves everything as it is without compensation', async () => {
    const flow = live.flow();
    const id = await flow.start([{ id: 'before', activities: [flow.write('done')] }, message]);
    await flow.untilStatus(id, 'waiting');

    await flow.cancel(id, { compensate: false });

    const run = await flow.end(id);
    expect(run).toMatchObject({ status: 'cancelled', cause: 'cancel' });
    expect(run.compensation).toBeUndefined();
    expect(await flow.files()).toEqual(['done']);
  });

  it.concurrent('cuts a list short', async () => {
    const flow = live.flow();
    await flow.slow('page-1', LONG_MS);
    const id = await flow.start(
      [{ id: 'pages', activities: [flow.writeEach('page', 'input.list', { max_parallel: 1, timeout: '1s' })] }],
      { input: { list: [1, 2, 3] } },
    );
    await flow.untilCalled('write page-1');

    await flow.cancel(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', compensation: { total: 2, compensated: 2 } });
    expect(await flow.files()).toEqual([]);
    expect(await flow.told()).not.toContain('write page-2');
  });

  it.concurrent('of a run that is over, or cancelled already, is a conflict', async () => {
    const over = live.flow();
    const done = await over.run([{ id: 'only', activities: [over.write('a')] }]);
    const flow = live.flow();
    await flow.slow('slow', LONG_MS);
    const id = await flow.start([{ id: 'only', activities: [flow.write('slow', { timeout: '1s' })] }]);
    await flow.untilCalled('write slow');

    expect(await over.cancel(done.id)).toBe(409);
    expect(await flow.cancel(id)).toBe(202);
    expect(await flow.cancel(id)).toBe(409);
    expect((await flow.end(id)).status).toBe('cancelled');
    expect(await over.files()).toEqual(['a']);
  });
});
