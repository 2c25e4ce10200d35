// Coded workflows in the real app: what their code cannot break, what they may record, and what they are told about chance and time.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunView } from '../../../src/runs/index.ts';
import { startVendor } from '../../tools/vendor-server.ts';
import type { VendorServer } from '../../tools/vendor-server.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';
import type { Flow } from './flow.ts';

const warnings: string[] = [];
let vendor: VendorServer;
let live: LiveApp;
beforeAll(async () => {
  vendor = await startVendor((response) => void response.end('x'.repeat(1_000_000)));
  live = await startLiveApp('live_coded', {
    env: {
      BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'workflows'),
      BREAKWATER_OUTBOUND_ALLOW: new URL(vendor.url).host,
    },
    emit: ({ level, name }) => {
      if (level === 'warn') warnings.push(name);
    },
  });
});
afterAll(async () => {
  await live.stop();
  await vendor[Symbol.asyncDispose]();
});

async function start(workflow: string, input: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { status, body } = await live.call('POST', '/v1/runs', { workflow, input });
  expect(status).toBe(202);
  return String(body['id']);
}

const run = async (flow: Flow, workflow: string, input?: Readonly<Record<string, unknown>>): Promise<RunView> =>
  await flow.end(await start(workflow, input));

describe('the code of a workflow', () => {
  it.concurrent('cannot outlive a cancel, whatever it catches', async () => {
    const flow = live.flow();
    await flow.slow('slow', 60_000);
    const id = await start('planted-swallower', { folder: flow.name });
    await flow.untilCalled('write slow');

    await flow.cancel(id, { compensate: false });

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', cause: 'cancel', error: { code: 'CANCELLED' } });
    expect(await flow.told()).toEqual(['write before', 'write slow']);
  });

  it.concurrent('waits for what it began before it is undone', async () => {
    const flow = live.flow();
    await flow.slow('slow', 1_000);

    expect(await run(flow, 'planted-parallel', { folder: flow.name })).toMatchObject({
      status: 'compensated',
      error: { code: 'GITHUB_404' },
      compensation: { total: 1, compensated: 1 },
    });
    expect(await flow.told()).toEqual(['write slow', 'undo slow']);
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('is told a time, and chance that depends on the run and a name alone', async () => {
    const flow = live.flow();

    const { output } = await run(flow, 'planted-chance');
    const { output: other } = await run(flow, 'planted-chance');

    const { at, ids, chance } = output as { at: string; ids: string[]; chance: number };
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(2);
    expect(chance).toBeGreaterThanOrEqual(0);
    expect(chance).toBeLessThan(1);
    expect(other).not.toMatchObject({ ids });
  });
});

describe('a note', () => {
  it.concurrent.each([
    { kind: 'large', code: 'TOO_LARGE' },
    { kind: 'hanging', code: 'STALLED' },
    { kind: 'deaf', code: 'TIMEOUT' },
  ])('that is $kind fails the run as $code', async ({ kind, code }) => {
    expect(await run(live.flow(), 'planted-notes', { kind })).toMatchObject({ status: 'failed', error: { code } });
  });

  it.concurrent('is kept without what Postgres cannot hold', async () => {
    expect(await run(live.flow(), 'planted-notes', { kind: 'odd' })).toMatchObject({
      status: 'succeeded',
      output: { nul: '\uFFFD', half: '\uFFFD' },
    });
  });
});

describe('a run that records without end', () => {
  it('is warned at half, turned round at 32 MiB and undone', async () => {
    const flow = live.flow();

    expect(await run(flow, 'planted-diary', { folder: flow.name })).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      error: { code: 'HISTORY_LIMIT', message: expect.stringContaining('32 MiB are the most') },
      compensation: { total: 1, compensated: 1 },
    });
    expect(await flow.told()).toEqual(['write before', 'undo before']);
    expect(warnings.filter((name) => name === 'run.history_long')).toHaveLength(1);
  });

  it('is turned round when the items of a list are what it records', async () => {
    const flow = live.flow();
    const read = { tool: 'http', action: 'get', with: { url: `${vendor.url}/{{ index }}` }, retry: 'none' };

    expect(
      await flow.run(
        [
          { id: 'before', activities: [flow.write('done')] },
          {
            id: 'then',
            depends_on: ['before'],
            activities: [{ name: 'read', for_each: 'input.items', max_parallel: 10, ...read }],
          },
        ],
        { input: { items: Array.from({ length: 45 }, (_, index) => index) } },
      ),
    ).toMatchObject({
      status: 'compensated',
      error: { code: 'HISTORY_LIMIT' },
      compensation: { total: 1, compensated: 1 },
    });
    expect(vendor.received.length).toBeLessThan(45);
    expect(await flow.told()).toEqual(['write done', 'undo done']);
  });
});
