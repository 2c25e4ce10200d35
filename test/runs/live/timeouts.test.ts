// What runs out of time: an attempt, a module, the run; and what becomes of acts of which nobody knows whether they happened.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { atOnce } from './flow.ts';
import type { Flow } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_timeouts');
});
afterAll(async () => await live.stop());

const LONG_MS = 60_000;
const ATTEMPT = '700ms';
const ATTEMPT_MS = 700;

describe('an attempt that gets no answer in time', () => {
  it.concurrent('is repeated, and ends unknown when no attempt is left', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'hang' });

    const id = await flow.start([
      { id: 'only', activities: [flow.write('a', { timeout: ATTEMPT, retry: atOnce(2) })] },
    ]);
    await flow.untilNode(id, 'only.a', 'unknown');

    // The vendor did nothing: once it is asked, there is nothing to undo.
    expect(await flow.end(id)).toMatchObject({ status: 'failed', cause: 'failure', error: { code: 'TIMEOUT' } });
    expect(await flow.told()).toEqual(['write a', 'write a']);
  });

  it.concurrent('is found to have happened by the next attempt, and not repeated', async () => {
    const flow = live.flow();
    await flow.slow('a', LONG_MS);

    // The asking runs out of time too, where the machine is busy.
    const run = await flow.run([{ id: 'only', activities: [flow.write('a', { timeout: ATTEMPT, retry: atOnce(4) })] }]);

    expect(run.status).toBe('succeeded');
    expect(run.attempts).toBeGreaterThan(1);
    expect(await flow.told()).toEqual(['write a']);
  });

  it.concurrent('is undone when it is found to have happened, no earlier than it could have arrived', async () => {
    const flow = live.flow();
    await flow.slow('a', LONG_MS);

    const id = await flow.start([{ id: 'only', activities: [flow.write('a', { timeout: ATTEMPT })] }]);

    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      error: { code: 'TIMEOUT' },
      compensation: { total: 1, compensated: 1 },
    });
    const [write, undo] = await flow.acts();
    expect([write?.what, undo?.what]).toEqual(['write a', 'undo a']);
    // The write's own time runs from before it reached the vendor.
    expect(undo!.atMs - write!.atMs).toBeGreaterThan(2 * ATTEMPT_MS - 200);
    expect(await flow.statuses(id)).toEqual({ 'only.a': 'compensated' });
  });
});

describe('a module that takes too long', () => {
  it.concurrent('has its attempts aborted and its other nodes failed, and turns the run round', async () => {
    const flow = live.flow();
    await flow.slow('slow', LONG_MS);

    const id = await flow.start([
      { id: 'before', activities: [flow.write('done')] },
      {
        id: 'late',
        depends_on: ['before'],
        timeout: '1s',
        activities: [flow.write('slow', { timeout: '1500ms' }), flow.write('never')],
      },
      { id: 'then', depends_on: ['late'], activities: [flow.write('far')] },
    ]);

    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      cause: 'timeout',
      error: { code: 'MODULE_TIMEOUT', node: expect.stringMatching(/^late\./) },
    });
    expect(await flow.told()).toEqual(['write done', 'write slow', 'undo slow', 'undo done']);
    expect(await flow.statuses(id)).toMatchObject({ 'then.far': 'skipped', 'late.slow': 'compensated' });
  });

  it.concurrent('counts the pauses between attempts, and says that it was the time', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 503 });

    const run = await flow.run([
      {
        id: 'late',
        timeout: '1s',
        activities: [flow.write('a', { retry: { strategy: 'linear', initial_interval: '30s', max_attempts: 5 } })],
      },
    ]);

    expect(run).toMatchObject({ cause: 'timeout', error: { code: 'MODULE_TIMEOUT', node: 'late.a' } });
    expect(await flow.told()).toEqual(['write a']);
  });

  it.concurrent('cuts a list short and says that it was the time', async () => {
    const flow = live.flow();
    await flow.slow('page-1', LONG_MS);

    const run = await flow.run(
      [
        {
          id: 'late',
          timeout: '1s',
          activities: [flow.writeEach('page', 'input.list', { max_parallel: 1, timeout: '1500ms' })],
        },
      ],
      { input: { list: [1, 2, 3] } },
    );

    expect(run).toMatchObject({ status: 'compensated', cause: 'timeout', error: { code: 'MODULE_TIMEOUT' } });
    expect(await flow.files()).toEqual([]);
    expect(await flow.told()).not.toContain('write page-2');
  });

  it.concurrent('does not count while one of its activities waits for another module', async () => {
    const flow = live.flow();
    await flow.slow('slow', 1_200);

    const run = await flow.run([
      { id: 'first', activities: [flow.write('slow')] },
      {
        id: 'timed',
        type: 'parallel',
        timeout: '1s',
        activities: [flow.write('a', { depends_on: ['first.slow'] })],
      },
    ]);

    expect(run).toMatchObject({ status: 'succeeded' });
  });

  it.concurrent('lets the run go on where it is optional, once its doubtful acts are undone', async () => {
    const flow = live.flow();
    await flow.slow('slow', LONG_MS);

    const id = await flow.start([
      {
        id: 'spare',
        optional: true,
        timeout: '500ms',
        activities: [flow.write('slow', { timeout: '1s' }), flow.write('never')],
      },
      { id: 'then', depends_on: ['spare'], activities: [flow.write('after')] },
    ]);

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
    expect(await flow.told()).toEqual(['write slow', 'undo slow', 'write after']);
    expect((await flow.nodes(id))['spare.never']).toMatchObject({ status: 'failed', error_code: 'MODULE_TIMEOUT' });
  });
});

/** How often rows of breakwater.run were read through an index or by a scan so far. */
async function readsOfRuns({ knex }: LiveApp): Promise<number> {
  const { rows } = await knex.raw<{ rows: { reads: string }[] }>(
    `select seq_scan + idx_scan as reads from pg_stat_user_tables where schemaname = 'breakwater' and relname = 'run'`,
  );
  return Number(rows[0]?.reads);
}

describe('a module whose doubtful act is still waited for', () => {
  it('costs the database nothing', async () => {
    const flow = live.flow();
    await flow.strike('slow', { fault: 'hang' });

    const id = await flow.start([
      { id: 'spare', optional: true, timeout: '300ms', activities: [flow.write('slow', { timeout: '2s' })] },
    ]);
    await flow.untilNode(id, 'spare.slow', 'unknown');
    const before = await readsOfRuns(live);
    await flow.end(id);

    expect((await readsOfRuns(live)) - before).toBeLessThan(150);
  });
});

describe('a run that takes too long', () => {
  it.concurrent('has its attempts aborted and is undone with cause timeout', async () => {
    const flow = live.flow();
    await flow.slow('slow', LONG_MS);

    const id = await flow.start(
      [
        { id: 'before', activities: [flow.write('done')] },
        { id: 'late', depends_on: ['before'], activities: [flow.write('slow', { timeout: '1500ms' })] },
      ],
      { timeout: '1s' },
    );

    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      cause: 'timeout',
      error: { code: 'RUN_TIMEOUT' },
      compensation: { total: 2, compensated: 2 },
    });
    expect(await flow.told()).toEqual(['write done', 'write slow', 'undo slow', 'undo done']);
  });

  it.concurrent('leaves its waits', async () => {
    const flow = live.flow();

    const run = await flow.run(
      [
        { id: 'before', activities: [flow.write('done')] },
        { id: 'signed', type: 'wait', depends_on: ['before'], wait: { message: 'signed' } },
      ],
      { timeout: '1s' },
    );

    expect(run).toMatchObject({ status: 'compensated', cause: 'timeout' });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('undoes nothing where failures only stop it', async () => {
    const flow = live.flow();

    const run = await flow.run(
      [
        { id: 'before', activities: [flow.write('done')] },
        { id: 'signed', type: 'wait', depends_on: ['before'], wait: { message: 'signed' } },
      ],
      { timeout: '1s', on_failure: 'stop' },
    );

    expect(run).toMatchObject({ status: 'failed', cause: 'timeout' });
    expect(await flow.files()).toEqual(['done']);
  });
});

describe('an act whose answer was lost', () => {
  const lost = async (flow: Flow) => {
    await flow.strike('a', { fault: 'reset_after_effect', times: 1 });
    return await flow.start([{ id: 'only', activities: [flow.write('a')] }]);
  };

  it.concurrent('is looked up before it is undone', async () => {
    const flow = live.flow();

    const id = await lost(flow);

    expect(await flow.end(id)).toMatchObject({ status: 'compensated', error: { code: 'GITHUB_NO_ANSWER' } });
    const lookups = await until(async () => await live.sandbox.calls('github'), { what: 'the calls' });
    expect(lookups.some(({ path, query }) => path.endsWith('/commits') && query.path === `${flow.name}/a`)).toBe(true);
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('that did not happen ends the run without an undo', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'reset', times: 1 });

    const run = await flow.run([{ id: 'only', activities: [flow.write('a')] }]);

    expect(run).toMatchObject({ status: 'failed', cause: 'failure' });
    expect(run.compensation).toBeUndefined();
    expect(await flow.told()).toEqual(['write a']);
  });
});
