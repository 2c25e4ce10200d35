// Activity slots, measured with a single one: who gets it next, and who must not hold it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import type { Flow } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_slots', { env: { BREAKWATER_ACTIVITY_SLOTS: '1' } });
});
afterAll(async () => await live.stop());

/** Takes the only slot for a while. */
async function occupy(forMs: number): Promise<{ flow: Flow; id: string }> {
  const flow = live.flow();
  await flow.slow('slow', forMs);
  const id = await flow.start([{ id: 'only', activities: [flow.write('slow')] }]);
  await flow.untilCalled('write slow');
  return { flow, id };
}

/** Runs of these flows are past everything but their act. */
async function untilShown(ids: readonly string[]): Promise<void> {
  const runs = live.knex.withSchema('breakwater').table('run');
  await until(async () => (await runs.clone().whereIn('id', ids).whereNotNull('phase')).length === ids.length, {
    what: 'the runs to be under way',
  });
}

describe('with one slot', () => {
  it('the most urgent run acts next, whether its start or its definition says so', async () => {
    await occupy(2_500);
    const flow = live.flow();
    const path = '${{ input.name }}';
    const write = { ...flow.write('act'), with: { owner: 'acme', repo: 'website', path, content: 'x' } };
    await flow.publish([{ id: 'only', activities: [write] }]);
    const ids: string[] = [];
    for (const priority of ['low', 'normal', 'critical', 'high'])
      ids.push(await flow.startAgain({ input: { name: `${flow.name}/${priority}` }, priority }));
    const urgent = live.flow();
    ids.push(await urgent.start([{ id: 'only', activities: [urgent.write('act')] }], { priority: 'critical' }));
    await untilShown(ids);

    await Promise.all(ids.map(async (id) => await flow.end(id)));

    expect(await flow.told()).toEqual(['write critical', 'write high', 'write normal', 'write low']);
    expect((await urgent.act('write act')).atMs).toBeLessThan((await flow.act('write high')).atMs);
  });

  it('a pause between two attempts leaves it to others', async () => {
    const pausing = live.flow();
    await pausing.strike('a', { fault: 'status', status: 503, times: 1 });
    const retry = { strategy: 'linear', initial_interval: '1500ms', max_attempts: 2, jitter: false };
    const id = await pausing.start([{ id: 'only', activities: [pausing.write('a', { retry })] }]);
    await pausing.untilCalled('write a');

    const flow = live.flow();
    await flow.run([{ id: 'only', activities: [flow.write('b')] }]);

    expect((await pausing.acts()).length).toBe(1);
    expect((await pausing.end(id)).status).toBe('succeeded');
  });

  it('an act that still queues for it is cancelled without a request', async () => {
    const busy = await occupy(1_500);
    const flow = live.flow();
    const id = await flow.start([{ id: 'only', activities: [flow.write('a')] }]);
    await untilShown([id]);

    await flow.cancel(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect(await flow.told()).toEqual([]);
    expect((await busy.flow.end(busy.id)).status).toBe('succeeded');
  });

  it('a module that still queues for it runs out of time', async () => {
    const busy = await occupy(1_500);
    const flow = live.flow();

    const run = await flow.run([{ id: 'late', timeout: '500ms', activities: [flow.write('a')] }]);

    expect(run).toMatchObject({
      status: 'failed',
      cause: 'timeout',
      error: { code: 'MODULE_TIMEOUT', node: 'late.a' },
    });
    expect(await flow.told()).toEqual([]);
    await busy.flow.end(busy.id);
  });
});
