// A process that cannot renew its lease ends, whatever keeps it from it, and another one finishes its runs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { FINAL, untilStatus } from './a-campaign.ts';

const TTL_MS = 5_000;
const WORKFLOWS = { BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'workflows') };
const NAP = `
workflow: { name: nap, version: 1.0.0 }
modules:
  - { id: nap, type: wait, wait: { for: 3s } }
`;

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

async function open(databaseUrl: string, env: Record<string, string> = {}): Promise<AppProcess> {
  return await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, env: { ...WORKFLOWS, ...env } });
}

async function start(app: AppProcess, workflow: string, key: string): Promise<string> {
  const { status, body } = await app.call('POST', '/v1/runs', { workflow, input: {} }, { 'idempotency-key': key });
  expect([202, 200]).toContain(status);
  return String(body.id);
}

async function publishNap(app: AppProcess): Promise<void> {
  expect((await app.call('POST', '/v1/definitions', NAP, { 'content-type': 'application/yaml' })).status).toBe(201);
}

describe.concurrent('an executor', { timeout: 90_000 }, () => {
  it('in an endless loop of a coded workflow is ended, and another one finishes the other runs', async () => {
    const databaseUrl = await createTestDatabase('endless');
    const looping = await open(databaseUrl, { PLANTED_LOOP: 'on' });
    await publishNap(looping);
    const naps = await Promise.all(['a', 'b', 'c'].map(async (key) => await start(looping, 'nap', key)));

    const lost = start(looping, 'planted-endless-loop', 'loop').catch(() => undefined);
    await looping.exitCode();
    const sinceRenewalMs = await msSinceRenewal(databaseUrl);
    await lost;
    const other = await open(databaseUrl);

    expect(looping.child.signalCode).toBe('SIGKILL');
    expect(sinceRenewalMs).toBeLessThan(TTL_MS + 1_000);
    expect(looping.said.join('\n')).toMatch(/has not renewed its lease for 5000 ms and ends at once/);
    for (const id of [...naps, await start(other, 'planted-endless-loop', 'loop')])
      expect((await untilStatus(other, id, FINAL, 30_000)).status).toBe('succeeded');
    await other.kill();
  });

  it('that was stopped for longer than its ttl ends when it goes on, and has done nothing twice', async () => {
    const databaseUrl = await createTestDatabase('zombie');
    const zombie = await open(databaseUrl);
    await publishNap(zombie);
    const id = await start(zombie, 'nap', 'a');
    zombie.child.kill('SIGSTOP');
    const other = await open(databaseUrl);
    const run = await untilStatus(other, id, FINAL, 30_000);

    const began = performance.now();
    zombie.child.kill('SIGCONT');
    await zombie.exitCode();

    expect(performance.now() - began).toBeLessThan(1_000);
    expect(run.status).toBe('succeeded');
    await until(async () => (await executorsOf(other)).length === 1, { what: 'one executor to be left' });
    await other.kill();
  });
});

/** Of the only executor there was: it renewed last before its loop began. */
async function msSinceRenewal(databaseUrl: string): Promise<number> {
  const { rows } = await execute(
    databaseUrl,
    'select (extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::int as ms from breakwater.executor',
  );
  return Number(rows[0]?.['ms']);
}

async function executorsOf(app: AppProcess): Promise<unknown[]> {
  const { body } = await app.call('GET', '/v1/executors');
  return body.items as unknown[];
}
