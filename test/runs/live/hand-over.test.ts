// An app that stops hands its runs over, whatever they are at; another process ends them as if nothing had happened.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppProcess } from '../../support/app-process.ts';
import { until } from '../../support/until.ts';
import { atOnce } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
const processes: AppProcess[] = [];
beforeAll(async () => {
  live = await startLiveApp('live_hand_over');
});
afterAll(async () => {
  for (const app of processes) await app.kill();
  await live.stop();
});

async function startProcess(): Promise<AppProcess> {
  const app = await AppProcess.start({ databaseUrl: live.databaseUrl, sandboxUrl: live.sandbox.url });
  processes.push(app);
  return app;
}

async function endOf(app: AppProcess, id: string): Promise<Record<string, unknown>> {
  return (await app.call('GET', `/v1/runs/${id}?wait=30s`)).body;
}

async function ownerStatusOf(id: string): Promise<string> {
  const rows = live.knex.withSchema('dbos').table('workflow_status');
  const row = await rows.first<{ status: string }>('status').where({ workflow_uuid: id });
  return row.status;
}

/** Runs that wait for a message, act, pause between two attempts, and are being taken back. */
async function fourRuns() {
  const [waiting, acting, pausing, undoing] = [live.flow(), live.flow(), live.flow(), live.flow()];
  await acting.slow('a', 2_000);
  await pausing.strike('a', { fault: 'status', status: 503, times: 1 });
  await undoing.slow('b', 2_000, 'DELETE');
  await undoing.strike('bad', { fault: 'status', status: 422 });
  const later = { strategy: 'linear', initial_interval: '3s', max_attempts: 2, jitter: false };
  const waits = await waiting.start(
    [
      { id: 'first', activities: [waiting.write('a')] },
      { id: 'signed', type: 'wait', depends_on: ['first'], wait: { message: 'signed' } },
      { id: 'then', depends_on: ['signed'], activities: [waiting.write('b')] },
    ],
    { output: '${{ outputs.signed }}' },
  );
  const ids = [
    waits,
    await acting.start([{ id: 'only', activities: [acting.write('a'), acting.write('b')] }]),
    await pausing.start([{ id: 'only', activities: [pausing.write('a', { retry: later })] }]),
    await undoing.start([{ id: 'only', activities: ['a', 'b', 'bad'].map((name) => undoing.write(name)) }]),
  ];
  await waiting.untilStatus(waits, 'waiting');
  await Promise.all([acting.untilCalled('write a'), pausing.untilCalled('write a'), undoing.untilCalled('undo b')]);
  return { waiting, acting, pausing, undoing, waits, ids };
}

describe('an app that stops', () => {
  it('lets what is in flight finish and hands over what waits, acts, pauses and is taken back', async () => {
    const { waiting, acting, pausing, undoing, waits, ids } = await fourRuns();

    await live.app.stop();
    const handedOver = await Promise.all(ids.map(ownerStatusOf));
    const app = await startProcess();
    await app.call('POST', `/v1/runs/${waits}/messages/signed`, { by: 'law' });
    const ends = await Promise.all(ids.map(async (id) => await endOf(app, id)));

    expect(handedOver).toEqual(['ENQUEUED', 'ENQUEUED', 'ENQUEUED', 'ENQUEUED']);
    expect(ends).toMatchObject([
      { status: 'succeeded', output: { by: 'law' } },
      { status: 'succeeded', attempts: 2 },
      { status: 'succeeded', attempts: 2 },
      { status: 'compensated', error: { code: 'GITHUB_422', node: 'only.bad' }, compensation: { compensated: 2 } },
    ]);
    expect(await waiting.told()).toEqual(['write a', 'write b']);
    expect(await acting.told()).toEqual(['write a', 'write b']);
    expect(await undoing.told()).toEqual(['write a', 'write b', 'write bad', 'undo b', 'undo a']);
    const [first, second, ...more] = await pausing.acts();
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(3_000);
    expect(more).toEqual([]);
  });
});

describe('a process that dies', () => {
  it('while an optional act is in doubt leaves it to the next to undo that', async () => {
    const dying = processes[0] ?? (await startProcess());
    const flow = live.flow();
    await flow.slow('spare', 60_000);
    const spare = flow.write('spare', { optional: true, timeout: '2s', retry: atOnce(1) });
    const yaml = flow.yaml([
      { id: 'first', activities: [spare] },
      { id: 'then', depends_on: ['first'], activities: [flow.write('after')] },
    ]);
    await dying.call('POST', '/v1/definitions', yaml, { 'content-type': 'application/yaml' });
    const id = String((await dying.call('POST', '/v1/runs', { workflow: flow.name })).body.id);
    await until(async () => (await flow.statuses(id))['first.spare'] === 'unknown', { what: 'the act to be in doubt' });

    await dying.kill();
    const app = await startProcess();

    expect(await endOf(app, id)).toMatchObject({ status: 'succeeded' });
    expect(await flow.told()).toEqual(['write spare', 'undo spare', 'write after']);
    expect(await flow.files()).toEqual(['after']);
  });
});
