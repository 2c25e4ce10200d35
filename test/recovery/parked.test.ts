// A run that waits for a service outlives the process that executes it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const SOURCE = `
workflow: { name: patient }
modules:
  - id: only
    activities:
      - name: write
        tool: github
        action: create_or_update_file
        with: { owner: acme, repo: website, path: patient, content: x }
        breaker: { park: true }
        irreversible: true
`;

let sandbox: TestSandbox;
let apps: AppProcess[];
beforeAll(async () => {
  sandbox = await openSandbox();
  const databaseUrl = await createTestDatabase('parked');
  const start = async () => await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
  apps = await Promise.all([start(), start()]);
}, 90_000);
afterAll(async () => {
  await Promise.all(apps.map(async (app) => await app.kill()));
  await sandbox[Symbol.asyncDispose]();
});

describe('a run that waits for its service', () => {
  it('waits on in another process when its own is killed, and acts once', { timeout: 60_000 }, async () => {
    const [doomed, other] = apps as [AppProcess, AppProcess];
    await doomed.call('POST', '/v1/definitions', SOURCE, { 'content-type': 'application/yaml' });
    await doomed.call('POST', '/v1/breakers/github/open', { reason: 'maintenance' });
    const { body } = await doomed.call('POST', '/v1/runs', { workflow: 'patient', input: {} });
    const path = `/v1/runs/${String(body.id)}`;
    const waits = async (): Promise<boolean> => (await other.call('GET', path)).body.status === 'waiting';
    await until(waits, { what: 'the run to wait' });
    const before = (await other.call('GET', path)).body.executor;

    await doomed.kill();

    const taken = async (): Promise<boolean> => {
      const { executor, status } = (await other.call('GET', path)).body;
      return executor !== before && status === 'waiting';
    };
    await until(taken, { what: 'the run to wait elsewhere', timeoutMs: 30_000 });
    expect((await sandbox.created()).filter(({ kind }) => kind === 'file')).toEqual([]);
    await other.call('POST', '/v1/breakers/github/close', { reason: 'done' });
    expect((await other.call('GET', `${path}?wait=20s`)).body).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect((await sandbox.created()).filter(({ kind }) => kind === 'file')).toHaveLength(1);
  });
});
