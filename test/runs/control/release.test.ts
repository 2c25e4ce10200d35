// A run that met a defect: released after the fix it goes on where it stopped, cancelled it is taken back; a coded run under a pause.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLiveApp } from '../live/live-app.ts';
import type { LiveApp } from '../live/live-app.ts';
import { ask, staysQuiet, tell, traces } from './verbs.ts';

declare global {
  var plantedBugs: Set<string> | undefined;
}

const bugs = new Set<string>();
globalThis.plantedBugs = bugs;

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('control_release', {
    env: { BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'workflows') },
  });
});
afterAll(async () => await live.stop());

async function start(workflow: string, folder: string): Promise<string> {
  const { status, body } = await live.call('POST', '/v1/runs', { workflow, input: { folder } });
  expect(status).toBe(202);
  return String(body['id']);
}

describe('a run that is stuck', () => {
  it.concurrent('goes on where it stopped when it is released after the fix', async () => {
    const flow = live.flow();
    bugs.add(flow.name);
    const id = await start('buggy', flow.name);
    expect(await flow.untilStatus(id, 'stuck')).toMatchObject({ error: { code: 'DEFECT' } });

    bugs.delete(flow.name);
    const released = await tell(live, 'release', id, { reason: 'deployed the fix' });

    expect(released.error).toBeUndefined();
    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: 'done' });
    expect(await flow.told()).toEqual(['write first', 'write second']);
    expect(await traces(live, id)).toEqual({ events: ['control.release'], audit: ['run.release'] });
    expect((await ask(live, 'release', id)).status).toBe(409);
  });

  it.concurrent('is stuck again when nothing was fixed, and its crashes are counted anew', async () => {
    const flow = live.flow();
    bugs.add(flow.name);
    const id = await start('buggy', flow.name);
    await flow.untilStatus(id, 'stuck');
    await live.knex
      .withSchema('breakwater')
      .table('recovery')
      .insert({ run_id: id, tenant: 'default', crashes: 4, checkpoints: 0 });

    await tell(live, 'release', id);

    await flow.untilStatus(id, 'stuck');
    expect(await live.knex.withSchema('breakwater').table('recovery').where('run_id', id)).toEqual([]);
    expect(await flow.told()).toEqual(['write first']);
  });

  it.concurrent('is taken back by a cancel, although its code still has the bug', async () => {
    const flow = live.flow();
    bugs.add(flow.name);
    const id = await start('buggy', flow.name);
    await flow.untilStatus(id, 'stuck');

    await tell(live, 'cancel', id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', compensation: { compensated: 1 } });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('can be paused no more than resumed', async () => {
    const flow = live.flow();
    bugs.add(flow.name);
    const id = await start('buggy', flow.name);
    await flow.untilStatus(id, 'stuck');

    for (const verb of ['pause', 'resume'])
      expect(await ask(live, verb, id)).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('stuck') },
      });
  });
});

describe('a coded run', () => {
  it.concurrent('starts nothing while it is paused', async () => {
    const flow = live.flow();
    await flow.slow('first', 500);
    const id = await start('two-acts', flow.name);
    await flow.untilCalled('write first');

    await tell(live, 'pause', id);
    await flow.untilStatus(id, 'paused');
    await staysQuiet(flow);

    await tell(live, 'resume', id);
    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write first', 'write second']);
  });
});
