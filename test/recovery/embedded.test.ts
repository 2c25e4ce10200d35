// The embedded Postgres around a killed app: the next start on the same data directory finds it running and goes on; SIGTERM leaves none behind.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppProcess } from '../support/app-process.ts';
import { until } from '../support/until.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { FINAL, countCreated, decide, startCampaign, untilStatus } from './a-campaign.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

async function postmasterPid(dataDir: string): Promise<number> {
  const text = await readFile(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8');
  return Number(text.split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('an app on its embedded Postgres', () => {
  it('killed while a campaign waits goes on with it after a restart, and stops its Postgres on SIGTERM', async () => {
    const first = await AppProcess.start({ sandboxUrl: sandbox.url });
    const runId = await startCampaign(first);
    await untilStatus(first, runId, ['waiting']);
    const pid = await postmasterPid(first.dataDir);
    await first.kill();

    const second = await AppProcess.start({ sandboxUrl: sandbox.url, dataDir: first.dataDir });
    await untilStatus(second, runId, ['waiting']);
    await decide(second, runId, { decision: 'approve' });
    const run = await untilStatus(second, runId, FINAL);
    const exitCode = await second.stop();

    expect(run.status).toBe('succeeded');
    expect(second.logged('postgres.cluster-opened')).toMatchObject([{ adopted: true }]);
    expect(countCreated(await sandbox.created())).toMatchObject({ 'github pull': 1, 'sendgrid campaign': 1 });
    expect(exitCode).toBe(0);
    await until(() => !isAlive(pid), { what: 'the postmaster to be gone' });
    await rm(first.dataDir, { recursive: true });
  });
});

describe('an app that cannot start', () => {
  it('names a database that is down, without its password, and exits 1', async () => {
    const app = await AppProcess.spawn({ databaseUrl: 'postgres://someone:s3cret@127.0.0.1:9/nothing' });

    expect(await app.exitCode()).toBe(1);
    expect(app.said).toHaveLength(1);
    expect(app.said[0]).toMatch(/127\.0\.0\.1:9/);
    expect(app.output()).not.toContain('s3cret');
  });

  it('names a port that is taken and exits 1', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await until(() => server.listening, { what: 'the port to be taken' });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    const app = await AppProcess.spawn({ env: { PORT: String(port) } });

    expect(await app.exitCode()).toBe(1);
    expect(app.said).toEqual([expect.stringContaining(`Port ${port}`)]);
    server.close();
    await rm(app.dataDir, { recursive: true });
  });

  it('names every wrong setting at once and exits 1', async () => {
    const app = await AppProcess.spawn({ env: { PORT: 'many', BREAKWATER_SANDBOXX: 'on', LOG_LEVEL: 'loud' } });

    expect([1, 2]).toContain(await app.exitCode());
    expect(app.output()).toMatch(/PORT/);
    expect(app.output()).toMatch(/BREAKWATER_SANDBOXX.*did you mean "BREAKWATER_SANDBOX"/);
    expect(app.output()).toMatch(/LOG_LEVEL/);
  });
});
