// How a run is taken back: in what order, with what keys and what patience, and which status it ends in.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atOnce } from './flow.ts';
import type { Flow, Part } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_compensation');
});
afterAll(async () => await live.stop());

const refusal = { fault: 'status', status: 422 } as const;

/** Two siblings, one node behind both, and a failure at the end. */
async function diamond(flow: Flow): Promise<Part[]> {
  await flow.strike('bad', refusal);
  return [
    { id: 'base', activities: [flow.write('root')] },
    { id: 'pair', type: 'parallel', depends_on: ['base'], activities: [flow.write('left'), flow.write('right')] },
    { id: 'top', depends_on: ['pair'], activities: [flow.write('tip')] },
    { id: 'end', depends_on: ['top'], activities: [flow.write('bad')] },
  ];
}

async function undosOf(flow: Flow): Promise<string[]> {
  return (await flow.told()).filter((what) => what.startsWith('undo '));
}

describe('undos', () => {
  it.concurrent('go from dependents to what they depend on, siblings together', async () => {
    const flow = live.flow();
    const modules = await diamond(flow);
    await flow.slow('left', 500, 'DELETE');
    await flow.slow('right', 500, 'DELETE');

    const run = await flow.run(modules);

    expect(run).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      compensation: { total: 4, compensated: 4, failed: 0, failures: [] },
    });
    const told = await undosOf(flow);
    expect([told[0], told.slice(1, 3).toSorted(), told[3]]).toEqual([
      'undo tip',
      ['undo left', 'undo right'],
      'undo root',
    ]);
    const [left, right, root] = await Promise.all(['left', 'right', 'root'].map((name) => flow.act(`undo ${name}`)));
    expect(Math.abs(left!.atMs - right!.atMs)).toBeLessThan(500);
    expect(root!.atMs - Math.max(left!.atMs, right!.atMs)).toBeGreaterThanOrEqual(500);
  });

  it.concurrent('go one by one, the last act first, where the order is lifo', async () => {
    const flow = live.flow();
    const modules = await diamond(flow);
    await flow.slow('left', 400);
    await flow.slow('left', 400, 'DELETE');

    await flow.run(modules, { compensation_order: 'lifo' });

    expect(await undosOf(flow)).toEqual(['undo tip', 'undo left', 'undo right', 'undo root']);
    const [left, right] = [await flow.act('undo left'), await flow.act('undo right')];
    expect(right.atMs - left.atMs).toBeGreaterThanOrEqual(400);
  });

  it.concurrent('have keys of their own, one an undo and the same in each attempt', async () => {
    const flow = live.flow();
    const patient = { compensation: { action: 'delete_file', retry: atOnce(3) } };
    await flow.strike('bad', refusal);
    await flow.strike('a', { fault: 'status', status: 503, times: 1 }, 'DELETE');

    const run = await flow.run([
      { id: 'pair', type: 'parallel', activities: [flow.write('a', patient), flow.write('b', patient)] },
      { id: 'end', depends_on: ['pair'], activities: [flow.write('bad')] },
    ]);

    const keysOf = (what: string) => async () =>
      (await flow.acts()).filter((act) => act.what === what).map(({ key }) => key);
    const undosOfA = await keysOf('undo a')();
    expect(run.status).toBe('compensated');
    expect(undosOfA).toHaveLength(2);
    expect(new Set(undosOfA).size).toBe(1);
    expect(new Set([...undosOfA, ...(await keysOf('undo b')()), ...(await keysOf('write a')())]).size).toBe(3);
  });

  it.concurrent('are aborted after their own timeout and tried again by their own policy', async () => {
    const flow = live.flow();
    await flow.strike('bad', refusal);
    await flow.strike('a', { fault: 'hang', times: 1 }, 'DELETE');

    const run = await flow.run([
      {
        id: 'only',
        activities: [
          flow.write('a', { compensation: { action: 'delete_file', timeout: '500ms', retry: atOnce(2) } }),
          flow.write('bad'),
        ],
      },
    ]);

    expect(run).toMatchObject({ status: 'compensated', compensation: { total: 1, compensated: 1 } });
    expect(await undosOf(flow)).toEqual(['undo a', 'undo a']);
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('put back what an act replaced', async () => {
    const first = live.flow();
    await first.run([{ id: 'only', activities: [first.write('kept')] }]);
    const flow = live.flow();
    await flow.strike('bad', refusal);
    const replace = { ...(first.write('kept').with as Part), content: 'replaced' };

    const run = await flow.run([
      { id: 'only', activities: [{ ...flow.write('over'), with: replace }, flow.write('bad')] },
    ]);

    expect(run.status).toBe('compensated');
    const kept = (await live.sandbox.created()).find(({ data }) => data.path === `${first.name}/kept`);
    expect(kept).toMatchObject({ data: { content: 'kept' } });
    expect(kept?.deletedAt).toBeUndefined();
  });
});

describe('the end of a run', () => {
  it.concurrent('is compensation_failed when an undo keeps failing, although the others are made', async () => {
    const flow = live.flow();
    const modules = await diamond(flow);
    await flow.strike('left', { fault: 'status', status: 503 }, 'DELETE');
    const stubborn = { compensation: { action: 'delete_file', retry: atOnce(2) } };

    const id = await flow.start([
      modules[0]!,
      { ...modules[1]!, activities: [flow.write('left', stubborn), flow.write('right')] },
      ...modules.slice(2),
    ]);

    expect(await flow.end(id)).toMatchObject({
      status: 'compensation_failed',
      cause: 'failure',
      compensation: {
        total: 4,
        compensated: 3,
        failed: 1,
        failures: [{ node: 'pair.left', error: { code: 'GITHUB_503' } }],
      },
    });
    expect((await undosOf(flow)).filter((what) => what === 'undo left')).toHaveLength(2);
    expect(await flow.files()).toEqual(['left']);
    expect(await flow.statuses(id)).toMatchObject({
      'pair.left': 'compensation_failed',
      'base.root': 'compensated',
      'end.bad': 'failed',
    });
  });

  it.concurrent.each([
    { what: 'a rejection', cause: 'rejection' },
    { what: 'a cancel', cause: 'cancel' },
  ])('is compensation_failed after $what too', async ({ cause }) => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 422 }, 'DELETE');
    const id = await flow.start([
      { id: 'only', activities: [flow.write('a')] },
      {
        id: 'review',
        type: 'approval',
        depends_on: ['only'],
        approval: { title: 'Go?', approvers: ['user:ann'], timeout: '1h' },
      },
    ]);
    await flow.question(id);

    if (cause === 'cancel') await flow.cancel(id);
    else await flow.decide(id, { decision: 'reject' });

    expect(await flow.end(id)).toMatchObject({ status: 'compensation_failed', cause });
  });

  it.concurrent('is failed when there was nothing to undo', async () => {
    const flow = live.flow();
    await flow.strike('bad', refusal);

    const run = await flow.run([
      { id: 'only', activities: [flow.write('a', { compensation: undefined }), flow.write('bad')] },
    ]);

    expect(run).toMatchObject({ status: 'failed', cause: 'failure' });
    expect(run.compensation).toBeUndefined();
    expect(await flow.files()).toEqual(['a']);
  });

  it.concurrent('is failed, and nothing is undone, where on_failure is stop', async () => {
    const flow = live.flow();
    await flow.strike('bad', refusal);

    const run = await flow.run([{ id: 'only', activities: [flow.write('a'), flow.write('bad')] }], {
      on_failure: 'stop',
    });

    expect(run).toMatchObject({ status: 'failed', cause: 'failure', error: { node: 'only.bad' } });
    expect(await flow.files()).toEqual(['a']);
  });

  it.concurrent('shows what is left of the output when the run turned round, and nothing that was taken back', async () => {
    const flow = live.flow();
    await flow.strike('bad', refusal);
    const kept = flow.write('kept', { compensation: undefined });
    const output = {
      kept: '${{ outputs.only.kept }}',
      gone: '${{ outputs.only.gone }}',
      status: ['${{ status.only.kept }}', '${{ status.only.gone }}', '${{ status.only.bad }}'],
    };

    const run = await flow.run([{ id: 'only', activities: [kept, flow.write('gone'), flow.write('bad')] }], { output });

    expect(run).toMatchObject({
      compensation: { compensated: 1, standing: ['only.kept'] },
      output: { kept: { path: `${flow.name}/kept` }, gone: null, status: ['completed', 'compensated', 'failed'] },
    });
  });
});
