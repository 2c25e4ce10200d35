// What a pause keeps from happening, what goes on under it, and what takes effect when the run is resumed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLiveApp } from '../live/live-app.ts';
import type { LiveApp } from '../live/live-app.ts';
import { ask, staysQuiet, tell, traces } from './verbs.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('control_pause');
});
afterAll(async () => await live.stop());

const review = { id: 'review', type: 'approval', approval: { title: 'Go?', approvers: ['role:admin'], timeout: '1h' } };

describe('a pause', () => {
  it.concurrent('lets the attempt in flight finish and starts nothing after it', async () => {
    const flow = live.flow();
    await flow.slow('first', 600);
    const id = await flow.start([{ id: 'all', activities: [flow.write('first'), flow.write('second')] }]);
    await flow.untilCalled('write first');

    expect((await tell(live, 'pause', id, { reason: 'let me look' })).status).toBe('running');
    const paused = await flow.untilStatus(id, 'paused');
    expect(paused.waiting).toContain('let me look');
    expect(await flow.statuses(id)).toEqual({ 'all.first': 'completed', 'all.second': 'pending' });
    await staysQuiet(flow);

    await tell(live, 'resume', id);
    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write first', 'write second']);
    expect(await traces(live, id)).toEqual({
      events: ['control.pause', 'control.resume'],
      audit: ['run.pause', 'run.resume'],
    });
  });

  it.concurrent('keeps the next attempt, and the next item of a list, from starting', async () => {
    const flow = live.flow();
    await flow.strike('again', { fault: 'status', status: 503, times: 1 });
    // Long enough that the pause is heard before the next item, however busy the machine.
    await flow.slow('page-0', 2_500);
    const retry = { strategy: 'linear', initial_interval: '900ms', max_attempts: 3 };
    const id = await flow.start(
      [
        {
          id: 'all',
          type: 'parallel',
          activities: [flow.write('again', { retry }), flow.writeEach('page', 'input.list', { max_parallel: 1 })],
        },
      ],
      { input: { list: [1, 2] } },
    );
    await flow.untilCalled('write again');
    await flow.untilCalled('write page-0');

    await tell(live, 'pause', id);
    await flow.untilStatus(id, 'paused');
    await staysQuiet(flow, 1_200);
    expect((await flow.told()).toSorted()).toEqual(['write again', 'write page-0']);

    await tell(live, 'resume', id);
    expect((await flow.end(id)).status).toBe('succeeded');
    expect((await flow.told()).toSorted()).toEqual(['write again', 'write again', 'write page-0', 'write page-1']);
  });

  it.concurrent('takes a decision, whose consequences wait for the resume', async () => {
    const flow = live.flow();
    const id = await flow.start([
      { id: 'before', activities: [flow.write('done')] },
      { ...review, depends_on: ['before'] },
    ]);
    await flow.question(id);
    await flow.untilStatus(id, 'waiting');

    expect((await tell(live, 'pause', id)).status).toBe('paused');
    await flow.decide(id, { decision: 'reject' });
    await flow.untilNode(id, 'review', 'completed');
    await staysQuiet(flow);
    expect((await flow.view(id)).status).toBe('paused');

    await tell(live, 'resume', id);
    expect(await flow.end(id)).toMatchObject({ status: 'rejected', compensation: { compensated: 1 } });
  });

  it.concurrent('takes a message for later', async () => {
    const flow = live.flow();
    const id = await flow.start([
      { id: 'signed', type: 'wait', wait: { message: 'signed' } },
      { id: 'then', depends_on: ['signed'], activities: [flow.write('then')] },
    ]);
    await flow.untilStatus(id, 'waiting');

    await tell(live, 'pause', id);
    expect((await live.call('POST', `/v1/runs/${id}/messages/signed`, { by: 'ann' })).status).toBe(202);
    await staysQuiet(flow);
    expect(await flow.told()).toEqual([]);

    await tell(live, 'resume', id);
    expect((await flow.end(id)).status).toBe('succeeded');
  });

  it.concurrent('stops no deadline: one that passes takes effect on resume', async () => {
    const flow = live.flow();
    const id = await flow.start([{ ...review, approval: { ...review.approval, timeout: '400ms' } }]);
    await flow.untilStatus(id, 'waiting');

    await tell(live, 'pause', id);
    await flow.untilNode(id, 'review', 'completed');
    expect((await flow.view(id)).status).toBe('paused');

    await tell(live, 'resume', id);
    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'timeout' });
  });

  it.concurrent('is taken back before it was come to, and asked for twice without harm', async () => {
    const flow = live.flow();
    await flow.slow('first', 500);
    const id = await flow.start([{ id: 'all', activities: [flow.write('first'), flow.write('second')] }]);
    await flow.untilCalled('write first');

    await tell(live, 'pause', id);
    await tell(live, 'pause', id);
    await tell(live, 'resume', id);
    await tell(live, 'resume', id);

    expect((await flow.end(id)).status).toBe('succeeded');
    expect((await traces(live, id)).audit).toEqual(['run.pause', 'run.resume']);
    expect(await ask(live, 'pause', id)).toMatchObject({
      status: 409,
      body: { detail: `Run ${id} is over (succeeded).` },
    });
  });

  it.concurrent('leaves no trace on a run that waits when it is over before the run heard of it', async () => {
    const flow = live.flow();
    const id = await flow.start([review]);
    const before = await flow.untilStatus(id, 'waiting');

    expect((await tell(live, 'pause', id)).status).toBe('paused');
    expect((await tell(live, 'resume', id)).status).toBe('waiting');
    await staysQuiet(flow);

    expect(await flow.view(id)).toMatchObject({ status: 'waiting', waiting: before.waiting });
  });

  it.concurrent('gives way to a cancel, with compensation or without', async () => {
    for (const compensate of [true, false]) {
      const flow = live.flow();
      const id = await flow.start([
        { id: 'before', activities: [flow.write('done')] },
        { ...review, depends_on: ['before'] },
      ]);
      await flow.untilStatus(id, 'waiting');
      await tell(live, 'pause', id);

      await tell(live, 'cancel', id, { compensate });

      expect(await flow.end(id)).toMatchObject({ status: 'cancelled', cause: 'cancel' });
      expect(await flow.files()).toEqual(compensate ? [] : ['done']);
    }
  });
});
