// A run that begins another: what it waits for, what it gets, and what becomes of the other when it turns round.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunView } from '../../src/runs/index.ts';
import { until } from '../support/until.ts';
import type { Flow, Part } from '../runs/live/flow.ts';
import { startLiveApp } from '../runs/live/live-app.ts';
import type { LiveApp } from '../runs/live/live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('saga_child_runs');
});
afterAll(async () => await live.stop());

const refusal = { fault: 'status', status: 422 } as const;
const PAUSE = { id: 'pause', type: 'wait', wait: { for: '1h' } };

/** Two flows: the second runs the first. */
async function family(
  child: readonly Part[] | ((flow: Flow) => readonly Part[]),
  options: Part = {},
): Promise<[Flow, Flow]> {
  const [parent, inner] = [live.flow(), live.flow()];
  await inner.publish(typeof child === 'function' ? child(inner) : child, options);
  return [parent, inner];
}

const runsIt = (inner: Flow, over: Part = {}): Part => ({
  id: 'child',
  type: 'workflow',
  workflow: inner.name,
  ...over,
});

async function childOf(flow: Flow, runId: string): Promise<RunView> {
  const id = await until(async () => (await flow.view(runId)).children?.[0]?.runId, { what: `a child of ${runId}` });
  return await flow.view(id);
}

/** Keeps the run's row to itself until it is released. */
async function lockRow(runId: string) {
  const trx = await live.knex.transaction();
  const { rows } = await trx.raw<{ rows: { pid: number }[] }>(
    'select pg_backend_pid() as pid from breakwater.run where id = ? for update',
    [runId],
  );
  const waiting = async (query: string): Promise<boolean> => {
    const { rows: waiters } = await live.knex.raw<{ rows: unknown[] }>(
      `with recursive waiter (pid, query) as (
         select ?::int, ''
         union
         select a.pid, a.query from pg_stat_activity a join waiter on waiter.pid = any(pg_blocking_pids(a.pid)))
       select from waiter where query ~ ?`,
      [rows[0]?.pid ?? 0, query],
    );
    return waiters.length > 0;
  };
  return {
    untilWaited: async (query: string) =>
      await until(async () => await waiting(query), { what: `${query} to wait for the row of ${runId}` }),
    release: async () => void (await trx.commit()),
  };
}

/** How many wakes the node `child` of the run was sent. */
async function messagesFrom(runId: string): Promise<number> {
  const sent = live.knex.withSchema('dbos').table('notifications').where('destination_uuid', runId);
  return (await sent.whereLike('topic', '%:child:%').select('topic')).length;
}

describe('a child run', () => {
  it.concurrent('gets its input, gives its output, and each shows the other', async () => {
    const [parent, inner] = await family([{ id: 'only', activities: [] }], {
      version: '1.0.0',
      input: { type: 'object', required: ['who'], properties: { who: { type: 'string' } } },
      output: { greeting: 'hello {{ input.who }}' },
    });

    const run = await parent.run([runsIt(inner, { input: { who: '${{ input.name }}' } })], {
      input: { name: 'ada' },
      output: '${{ outputs.child.greeting }}',
    });

    const child = await childOf(parent, run.id);
    expect(run).toMatchObject({
      status: 'succeeded',
      output: 'hello ada',
      children: [{ node: 'child', runId: child.id, status: 'succeeded' }],
    });
    expect(child).toMatchObject({
      status: 'succeeded',
      workflow: inner.name,
      version: '1.0.0',
      input: { who: 'ada' },
      requester: run.requester,
      parent: { runId: run.id, node: 'child' },
    });
  });

  it.concurrent('that fails fails its node, and what both did is taken back', async () => {
    const [parent, inner] = await family((flow) => [{ id: 'only', activities: [flow.write('in'), flow.write('bad')] }]);
    await inner.strike('bad', refusal);

    const run = await parent.run([
      { id: 'before', activities: [parent.write('out')] },
      runsIt(inner, { depends_on: ['before'] }),
    ]);

    const child = await childOf(parent, run.id);
    expect(child.status).toBe('compensated');
    expect(run).toMatchObject({ status: 'compensated', error: { code: 'CHILD_FAILED', node: 'child' } });
    expect(run.error?.message).toContain(`run ${child.id} of "${inner.name}" ended compensated: GITHUB_422`);
    expect([...(await parent.files()), ...(await inner.files())]).toEqual([]);
  });

  it.concurrent('that succeeded is taken back with its parent, before what the parent did before it', async () => {
    const [parent, inner] = await family((flow) => [
      { id: 'only', activities: [flow.write('one'), flow.write('two')] },
    ]);
    await parent.strike('bad', refusal);

    const run = await parent.run([
      { id: 'before', activities: [parent.write('out')] },
      runsIt(inner, { depends_on: ['before'] }),
      { id: 'after', depends_on: ['child'], activities: [parent.write('bad')] },
    ]);

    const child = await childOf(parent, run.id);
    expect(run).toMatchObject({ status: 'compensated', compensation: { total: 2, compensated: 2, failed: 0 } });
    expect(child).toMatchObject({ status: 'compensated', cause: 'failure', error: { code: 'PARENT_TAKEN_BACK' } });
    expect((await inner.told()).filter((what) => what.startsWith('undo'))).toEqual(['undo two', 'undo one']);
    expect((await parent.act('undo out')).atMs).toBeGreaterThanOrEqual((await inner.act('undo one')).atMs);
    expect([...(await parent.files()), ...(await inner.files())]).toEqual([]);
    expect(await parent.statuses(run.id)).toMatchObject({ child: 'compensated', 'before.out': 'compensated' });
  });

  it.concurrent('whose undo fails leaves its parent compensation_failed', async () => {
    const [parent, inner] = await family((flow) => [{ id: 'only', activities: [flow.write('stuck')] }]);
    await parent.strike('bad', refusal);
    await inner.strike('stuck', refusal, 'DELETE');

    const run = await parent.run([
      runsIt(inner),
      { id: 'after', depends_on: ['child'], activities: [parent.write('bad')] },
    ]);

    expect((await childOf(parent, run.id)).status).toBe('compensation_failed');
    expect(run).toMatchObject({
      status: 'compensation_failed',
      compensation: { failures: [{ node: 'child', error: { code: 'CHILD_STANDS' } }] },
    });
  });

  it.concurrent.each([
    { compensate: true, left: [] },
    { compensate: false, left: ['in'] },
  ])('is cancelled with its parent, compensate: $compensate', async ({ compensate, left }) => {
    const [parent, inner] = await family((flow) => [
      { id: 'only', activities: [flow.write('in')] },
      { ...PAUSE, depends_on: ['only'] },
    ]);
    const id = await parent.start([runsIt(inner)]);
    await parent.untilStatus(id, 'waiting');
    const child = await childOf(parent, id);
    await inner.untilStatus(child.id, 'waiting');
    expect((await parent.view(id)).waiting).toBe(`waits at "child" for its run of "${inner.name}"`);

    await parent.cancel(id, { compensate });

    expect(await parent.end(id)).toMatchObject({ status: 'cancelled', cause: 'cancel' });
    expect(await inner.view(child.id)).toMatchObject({ status: 'cancelled', cause: 'cancel' });
    expect(await inner.files()).toEqual(left);
  });

  it.concurrent('is cancelled at its module timeout, and by the failure of a sibling', async () => {
    const [late, lateChild] = await family((flow) => [
      { id: 'only', activities: [flow.write('in')] },
      { ...PAUSE, depends_on: ['only'] },
    ]);
    const [torn, tornChild] = await family((flow) => [
      { id: 'only', activities: [flow.write('in')] },
      { ...PAUSE, depends_on: ['only'] },
    ]);
    await torn.slow('slow', 1_000);
    await torn.strike('bad', refusal);

    const [timedOut, failed] = await Promise.all([
      late.run([runsIt(lateChild, { timeout: '3s' })]),
      torn.run([runsIt(tornChild), { id: 'sibling', activities: [torn.write('slow'), torn.write('bad')] }]),
    ]);

    expect(timedOut).toMatchObject({ status: 'compensated', cause: 'timeout', error: { code: 'MODULE_TIMEOUT' } });
    expect(failed).toMatchObject({ status: 'compensated', error: { node: 'sibling.bad' } });
    for (const [flow, run] of [
      [late, timedOut],
      [torn, failed],
    ] as const) {
      expect((await childOf(flow, run.id)).status).toBe('cancelled');
    }
    expect([...(await lateChild.files()), ...(await tornChild.files())]).toEqual([]);
  });

  it.concurrent('is paused and resumed with its parent', async () => {
    const [parent, inner] = await family([{ id: 'pause', type: 'wait', wait: { message: 'go' } }]);
    const id = await parent.start([runsIt(inner)]);
    const child = await childOf(parent, id);
    await inner.untilStatus(child.id, 'waiting');
    await parent.untilStatus(id, 'waiting');

    await live.call('POST', `/v1/runs/${id}/pause`, {});
    await parent.untilStatus(id, 'paused');
    await inner.untilStatus(child.id, 'paused');
    await live.call('POST', `/v1/runs/${child.id}/messages/go`, 1);
    await live.call('POST', `/v1/runs/${id}/resume`, {});

    expect((await parent.end(id)).status).toBe('succeeded');
  });

  it.concurrent.each([
    { verb: 'pause', children: ['paused'] },
    { verb: 'cancel', children: [] },
  ] as const)('does not act when it begins at the very moment of a $verb', async ({ verb, children }) => {
    const [parent, inner] = await family((flow) => [{ id: 'only', activities: [flow.write('in')] }]);
    await parent.slow('out', 2_500);
    const id = await parent.start([
      { id: 'before', activities: [parent.write('out')] },
      runsIt(inner, { depends_on: ['before'] }),
    ]);
    await parent.untilCalled('write out');
    await until(async () => (await parent.view(id)).phase, { what: `${id} to say where it is` });

    const lock = await lockRow(id);
    const asked = live.call('POST', `/v1/runs/${id}/${verb}`, {});
    await lock.untilWaited('for update');
    await lock.untilWaited('for share|parent_run');
    await lock.release();

    expect((await asked).status).toBe(202);
    await parent.untilStatus(id, verb === 'pause' ? 'paused' : 'cancelled');
    if (children.length > 0) await inner.untilStatus((await childOf(parent, id)).id, 'paused');
    expect((await parent.view(id)).children?.map(({ status }) => status) ?? []).toEqual(children);
    expect(await inner.told()).toEqual([]);
    if (verb === 'cancel') return;
    await live.call('POST', `/v1/runs/${id}/resume`, {});
    expect((await parent.end(id)).status).toBe('succeeded');
    expect(await inner.told()).toEqual(['write in']);
  });

  it.concurrent('tells of each of its ends, of two that are alike too', async () => {
    const [parent, inner] = await family((flow) => [{ id: 'only', activities: [flow.write('in'), flow.write('bad')] }]);
    await inner.strike('bad', refusal);
    const id = await parent.start([runsIt(inner)], { on_failure: 'ask' });
    await parent.untilStatus(id, 'held');
    const child = await childOf(parent, id);
    expect([child.status, await messagesFrom(id)]).toEqual(['compensated', 1]);

    await live.call('POST', `/v1/runs/${child.id}/rewind`, { node: 'only.in' });
    await inner.untilCalled('undo in', 2);
    await inner.end(child.id);

    expect([(await inner.view(child.id)).status, await messagesFrom(id)]).toEqual(['compensated', 2]);
  });

  it.concurrent('that cannot begin fails its node: no such workflow, an input that does not fit', async () => {
    const [parent, inner] = await family([{ id: 'only', activities: [] }], {
      input: { type: 'object', required: ['who'], properties: { who: { type: 'string' } } },
    });
    const other = live.flow();

    const unfit = await parent.run([runsIt(inner, { input: { who: 7 } })]);
    const missing = await other.run([runsIt(live.flow())]);

    expect(unfit).toMatchObject({ status: 'failed', error: { code: 'CHILD_REFUSED', node: 'child' } });
    expect(unfit.error?.message).toContain('/who');
    expect(missing).toMatchObject({ status: 'failed', error: { code: 'CHILD_REFUSED' } });
  });

  it.concurrent('may not come back to who began it', async () => {
    const [outer, inner] = [live.flow(), live.flow()];
    await outer.publish([runsIt(inner)], { version: '1.0.0' });

    const { status, body } = await live.publish(inner.yaml([runsIt(outer)]));

    expect(status).toBe(422);
    expect(JSON.stringify(body)).toContain(`without end: ${inner.name} -> ${outer.name} -> ${inner.name}`);
  });
});
