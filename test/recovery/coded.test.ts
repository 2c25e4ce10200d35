// Coded workflows in a real process: a defect is set aside with its remedy, a failure is undone, a kill repeats nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { FINAL, untilStatus } from './a-campaign.ts';

const PLANTED = { BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'workflows') };

let sandbox: TestSandbox;
let databaseUrl: string;
beforeAll(async () => {
  sandbox = await openSandbox();
  databaseUrl = await createTestDatabase('coded');
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

async function start(app: AppProcess, workflow: string, input: unknown = {}): Promise<string> {
  const { status, body } = await app.call('POST', '/v1/runs', { workflow, input });
  expect(status).toBe(202);
  return String(body.id);
}

const notes = async (key: string): Promise<number> => {
  const { rows } = await execute(databaseUrl, `select count(*)::int as n from breakwater.memory where key = '${key}'`);
  return Number(rows[0]?.['n']);
};

const pathOf = (file: string): string => `/repos/acme/website/contents/chains/${file}`;

/** The acts of a run in the order of their step ids. */
async function namesByPlace(id: string): Promise<unknown[]> {
  const { rows } = await execute(
    databaseUrl,
    `select node from breakwater.activity_status where run = '${id}' order by position`,
  );
  return rows.map(({ node }) => node);
}

describe('a coded workflow', () => {
  it('with a TypeError ends stuck, with its remedy, without a loop and without an undo', async () => {
    const app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, env: PLANTED });
    const id = await start(app, 'planted-type-error');

    const run = await untilStatus(app, id, ['stuck']);

    expect(run.error).toMatchObject({
      code: 'DEFECT',
      message: expect.stringContaining('TypeError'),
      remedy: expect.stringContaining('release'),
    });
    const { rows } = await execute(
      databaseUrl,
      `select status, queue_name, recovery_attempts::int as claims from dbos.workflow_status where workflow_uuid = '${id}'`,
    );
    expect(rows[0]).toEqual({ status: 'ENQUEUED', queue_name: 'breakwater_stuck', claims: 1 });
    expect(await notes('note')).toBe(1);
    await app.kill();
  });

  it('that fails is undone in reverse', async () => {
    const app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, env: PLANTED });
    const id = await start(app, 'planted-failure');

    const run = await untilStatus(app, id, FINAL);

    expect(run).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      compensation: { total: 1, compensated: 1, failed: 0 },
    });
    expect(await notes('undone')).toBe(0);
    await app.kill();
  });

  it('killed between an effect and its checkpoint publishes once', async () => {
    const first = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
    await sandbox.fault({ vendor: 'github', match: { method: 'PUT' }, fault: 'delay', delayMs: 600_000, times: 1 });
    const id = await start(first, 'publish-note', {
      title: 'tides',
      text: 'High at nine.',
      owner: 'acme',
      repo: 'website',
    });
    await until(async () => (await sandbox.calls('github')).some((call) => call.method === 'PUT'), {
      what: 'the file to be written',
    });
    await first.kill();
    await sandbox.call('DELETE', '/_faults');

    const second = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
    const run = await untilStatus(second, id, FINAL, 60_000);

    expect(run.status).toBe('succeeded');
    expect((await sandbox.created()).filter((entry) => entry.kind === 'file')).toHaveLength(1);
    await second.kill();
  });

  it('that runs chains side by side is replayed by the names of its calls, and undone whole', async () => {
    const first = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, env: PLANTED });
    const striking = (file: string) => ({ vendor: 'github', match: { method: 'PUT', path: pathOf(file) } });
    // The first chain's second act is called after the second's: a replay calls them in the other order.
    await sandbox.fault({ ...striking('a%201'), fault: 'delay', delayMs: 500, times: 1 });
    await sandbox.fault({ ...striking('last'), fault: 'hang', times: 1 });
    const id = await start(first, 'planted-chains');
    await until(async () => (await sandbox.calls('github')).some(({ path }) => path === pathOf('last')), {
      what: 'the last act',
    });
    await sandbox.fault({ ...striking('last'), fault: 'status', status: 422 });
    await first.kill();

    const second = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, env: PLANTED });
    const run = await untilStatus(second, id, FINAL, 60_000);

    expect(run).toMatchObject({
      status: 'compensated',
      error: { node: 'last' },
      compensation: { total: 4, failed: 0 },
    });
    expect(await namesByPlace(id)).toEqual(['a 1', 'b 1', 'b 2', 'a 2', 'last']);
    const files = (await sandbox.created()).filter(({ data }) => JSON.stringify(data['path'])?.startsWith('"chains/'));
    expect(files.map(({ deletedAt }) => deletedAt !== undefined)).toEqual([true, true, true, true]);
    await sandbox.call('DELETE', '/_faults');
    await second.kill();
  });

  it('killed while its second child waits begins neither anew, and takes both back', async () => {
    const first = await AppProcess.start({ databaseUrl, env: PLANTED });
    const id = await start(first, 'planted-family');
    const before = await until(
      async () => {
        const { body } = await first.call('GET', `/v1/runs/${id}`);
        const children = body['children'] as { runId: string; status: string }[] | undefined;
        return children?.map(({ status }) => status).join() === 'succeeded,waiting' && children;
      },
      { what: 'the second child to wait' },
    );
    await first.kill();
    const second = await AppProcess.start({ databaseUrl, env: PLANTED });
    await untilStatus(second, id, ['waiting']);
    expect(await notes('child')).toBe(1);

    await second.call('POST', `/v1/runs/${id}/cancel`, {});

    const run = await untilStatus(second, id, FINAL, 60_000);
    expect(run).toMatchObject({ status: 'cancelled', compensation: { total: 1, failed: 0 } });
    const [{ runId: done } = { runId: '' }, { runId: waits } = { runId: '' }] = before;
    expect(run['children']).toEqual([
      { node: 'done', runId: done, status: 'compensated' },
      { node: 'waits', runId: waits, status: 'cancelled' },
    ]);
    expect(await notes('child')).toBe(0);
    await second.kill();
  });

  it('that no longer makes a call which is recorded is set aside before it is undone', async () => {
    const calling = (name: string) => ({ ...PLANTED, PLANTED_CALL: name });
    const first = await AppProcess.start({ databaseUrl, env: calling('was') });
    const id = await start(first, 'planted-change');
    await untilStatus(first, id, ['waiting']);
    await first.kill();
    const second = await AppProcess.start({ databaseUrl, env: calling('is') });
    await until(async () => (await notes('is')) === 1, { what: 'the changed code to run' });

    await second.call('POST', `/v1/runs/${id}/cancel`, {});

    expect((await untilStatus(second, id, [...FINAL, 'stuck'])).error).toMatchObject({
      code: 'DEFECT',
      message: expect.stringContaining('no longer calls "was"'),
    });
    expect([await notes('was'), await notes('is')]).toEqual([1, 1]);
    await second.kill();
  });
});
