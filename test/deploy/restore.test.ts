// What docs/operations.md says of backups: which roles a logical one needs, and that the files of a stopped embedded cluster are the whole of it.
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { TRIES_ALL } from '../support/whole.ts';

const WORKFLOW = `
workflow: { name: sign, version: 1.0.0 }
modules:
  - id: prepare
    activities:
      - { name: note, tool: memory, action: remember, with: { namespace: deals, key: draft, content: "before the backup" }, compensation: forget }
  - { id: signed, type: wait, depends_on: [prepare], wait: { message: contract-signed, timeout: 7d } }
  - id: read
    depends_on: [signed]
    activities:
      - { name: note, tool: memory, action: recall, with: { namespace: deals, key: draft } }
output: { found: "\${{ outputs.read.note }}" }
`;

const apps: AppProcess[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
});

async function start(dataDir: string): Promise<AppProcess> {
  const app = await AppProcess.start({ dataDir });
  apps.push(app);
  return app;
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'breakwater-restore-'));
  // Where the user of a demoted Postgres cannot enter, the cluster would be elsewhere and this a link to it.
  await chmod(made, 0o711);
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

const statusOf = async (app: AppProcess, id: unknown) =>
  (await app.call('GET', `/v1/runs/${String(id)}`)).body['status'];

describe('a logical backup', () => {
  it('needs two roles that are not in it: that of requests, and the login that migrated', async () => {
    const url = await createTestDatabase('restore');

    const { rows } = await execute(
      url,
      `select distinct unnest(roles)::text as role from pg_policies where schemaname in ('breakwater', 'dbos') order by 1`,
    );

    expect(rows.map(({ role }) => role)).toEqual(['breakwater_app', new URL(url).username]);
  });
});

async function waitThroughCopy(): Promise<void> {
  const dataDir = await folder();
  const app = await start(dataDir);
  await app.call('POST', '/v1/definitions', WORKFLOW, { 'content-type': 'application/yaml' });
  const { id } = (await app.call('POST', '/v1/runs', { workflow: 'sign', input: {} })).body;
  await until(async () => (await statusOf(app, id)) === 'waiting', { what: 'the run to wait', timeoutMs: 30_000 });
  await app.stop();

  const copy = join(await folder(), 'copy');
  expect(spawnSync('cp', ['-a', dataDir, copy]).status).toBe(0);
  await rm(dataDir, { recursive: true });
  const restored = await start(copy);

  const sent = await restored.call(
    'POST',
    `/v1/runs/${String(id)}/messages/contract-signed`,
    {},
    { 'idempotency-key': 'k1' },
  );
  expect(sent.status).toBeLessThan(300);
  await until(async () => (await statusOf(restored, id)) === 'succeeded', {
    what: 'the run to end',
    timeoutMs: 30_000,
  });
  const { output } = (await restored.call('GET', `/v1/runs/${String(id)}`)).body;
  expect(JSON.stringify(output)).toContain('before the backup');
}

if (TRIES_ALL) {
  describe('a copy of the data directory of a stopped app', () => {
    it('has every run: one that waited goes on where it was', waitThroughCopy, 120_000);
  });
}
