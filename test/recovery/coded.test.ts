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
});
