// Runs that operators have go on: what a fork takes along, an end that is not complete, a pause after a pause.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_fork');
});
afterAll(async () => await live.stop());

async function fork(runId: string, node: string): Promise<string> {
  const { status, body } = await live.call<{ id: string }>('POST', `/v1/runs/${runId}/fork`, { node });
  expect(status).toBe(202);
  return body.id;
}

describe('a fork', () => {
  it.concurrent('decides anew what it repeats: arguments that were patched in the old run are as they are written', async () => {
    const flow = live.flow();
    await flow.strike('second', { fault: 'status', status: 422, times: 1 });
    const all = { id: 'all', activities: [flow.write('first'), flow.write('second')] };
    const id = await flow.start([all], { on_failure: 'ask' });
    await flow.untilStatus(id, 'held');
    const patched = { node: 'all.second', decision: 'retry', with: { path: `${flow.name}/elsewhere` } };
    expect((await live.call('POST', `/v1/runs/${id}/decide`, patched)).status).toBe(202);
    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['elsewhere', 'first']);

    const forked = await fork(id, 'all.second');

    expect((await flow.end(forked)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['elsewhere', 'first', 'second']);
  });

  it.concurrent('says that it is sandboxed where its tools are now, whatever the old run was', async () => {
    const flow = live.flow();
    const { id } = await flow.run([{ id: 'all', activities: [flow.write('only')] }]);
    await live.knex.withSchema('breakwater').table('run').where({ id }).update({ sandboxed: false });

    const forked = await fork(id, 'all.only');

    expect(await flow.end(forked)).toMatchObject({ status: 'succeeded', sandboxed: true });
  });
});

describe('a run whose execution has not ended although its row says so', () => {
  it.concurrent('is refused with the advice to ask again', async () => {
    const flow = live.flow();
    const { id } = await flow.run([{ id: 'all', activities: [flow.write('only')] }]);
    await live.knex
      .withSchema('dbos')
      .table('workflow_status')
      .where('workflow_uuid', id)
      .update('status', 'CANCELLED');

    const { status, body } = await live.call<{ detail: string }>('POST', `/v1/runs/${id}/compensate`, {});

    expect({ status, detail: body.detail }).toEqual({
      status: 409,
      detail: `Run ${id} is about to end: ask again in a moment.`,
    });
    expect(await flow.files()).toEqual(['only']);
  });
});

describe('a run that is paused anew', () => {
  it.concurrent('says so although it never saw that it was resumed', async () => {
    const flow = live.flow();
    const id = await flow.start([{ id: 'later', type: 'wait', wait: { message: 'go' } }]);
    await flow.untilStatus(id, 'waiting');
    await live.call('POST', `/v1/runs/${id}/pause`, {});
    await flow.untilStatus(id, 'paused');
    const pause = { by: 'someone', reason: null, at: new Date().toISOString() };
    // As a resume and a pause leave it that both come before the run looks.
    await live.knex
      .withSchema('breakwater')
      .table('run')
      .where({ id })
      .update({ status: 'running', control: JSON.stringify({ pause }) });

    await flow.untilStatus(id, 'paused');

    await live.call('POST', `/v1/runs/${id}/cancel`, {});
    expect((await flow.end(id)).status).toBe('cancelled');
  });
});
