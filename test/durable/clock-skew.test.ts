// A machine's clock that is wrong or jumps, under a real app: nothing that a run waits for asks it, and people are told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createSkewWatch } from '../../src/postgres/index.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { FINAL, untilStatus } from '../recovery/a-campaign.ts';

const HOUR_MS = 3_600_000;
const SHIM = join(import.meta.dirname, '..', 'support', 'clock-shim.cjs');
const PATIENT = `
workflow: { name: patient, version: 1.0.0 }
modules:
  - id: ask
    type: approval
    approval: { title: "May it?", approvers: ["role:approver"], timeout: 30m }
`;
const HASTY = `
workflow: { name: hasty, version: 1.0.0 }
modules:
  - { id: nap, type: wait, wait: { for: 2s } }
  - id: tell
    type: sequential
    timeout: 20s
    depends_on: [nap]
    activities:
      - { name: post, tool: slack, action: send_message, with: { channel: marketing-reviews, text: "It is time." } }
  - id: ask
    type: approval
    depends_on: [tell]
    approval: { title: "Now?", approvers: ["role:approver"], timeout: 2s, on_timeout: approve }
`;

describe('createSkewWatch', () => {
  it('announces each change once', () => {
    const events: RoomEvent[] = [];
    let skewMs = 0;
    const look = createSkewWatch(
      {
        get skewMs() {
          return skewMs;
        },
      },
      (event) => events.push(event),
    );

    for (skewMs of [0, 2_000, -2_000, 2_001, 3_000, 4_100, -4_100, -4_000, 1_999, 0]) look();

    expect(events.map(({ name, fields }) => [name, fields['skewMs']])).toEqual([
      ['clock.skewed', 2_001],
      ['clock.skewed', 4_100],
      ['clock.skewed', -4_100],
      ['clock.in_step', 1_999],
    ]);
    expect(events[0]?.fields['message']).toMatch(/^This machine's clock is 2s ahead of the database's/);
    expect(events[2]?.fields['message']).toMatch(/4.1s behind/);
  });
});

describe("the machine's clock", { timeout: 90_000 }, () => {
  let sandbox: TestSandbox;
  let shim: { file: string; env: Record<string, string> };
  beforeAll(async () => {
    sandbox = await openSandbox();
    const file = join(await mkdtemp(join(tmpdir(), 'breakwater-clock-')), 'offset');
    shim = { file, env: { NODE_OPTIONS: `--require ${SHIM}`, CLOCK_SHIM_FILE: file } };
  });
  afterAll(async () => await sandbox[Symbol.asyncDispose]());

  const shift = async (ms: number): Promise<void> => await writeFile(shim.file, String(ms));

  it('stops the start when it is over two seconds off', async () => {
    await shift(3_000);
    const app = await AppProcess.spawn({ databaseUrl: await createTestDatabase('skewed'), env: shim.env });

    expect(await app.exitCode()).not.toBe(0);
    expect(app.output()).toMatch(/clock is 3s ahead of the database's; synchronise both/);
  });

  it('may jump by an hour either way while the app runs: no deadline, wait or retry moves, and people are told', async () => {
    await shift(0);
    const databaseUrl = await createTestDatabase('jump');
    const app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, env: shim.env });
    for (const yaml of [PATIENT, HASTY])
      expect((await app.call('POST', '/v1/definitions', yaml, { 'content-type': 'application/yaml' })).status).toBe(
        201,
      );
    const start = async (workflow: string) =>
      String((await app.call('POST', '/v1/runs', { workflow, input: {} })).body['id']);
    const patient = await start('patient');

    for (const offMs of [HOUR_MS, -HOUR_MS]) {
      await sandbox.fault({ vendor: 'slack', fault: 'status', status: 503, times: 1 });
      const caught = await start('hasty');
      await shift(offMs);
      const begun = performance.now();
      const hasty = await start('hasty');
      for (const id of [caught, hasty])
        expect(await untilStatus(app, id, FINAL, 20_000)).toMatchObject({ status: 'succeeded' });

      // Two waits of 2 s and a retry; what the clock may cost is one interval of its measuring.
      expect(performance.now() - begun).toBeLessThan(2_000 + 2_000 + 2_000 + 5_000);
      await until(async () => Math.abs(Number((await app.call('GET', '/ready')).body['clockSkewMs']) - offMs) < 1_000, {
        what: 'the skew in /ready',
      });
      await until(async () => Math.abs((await executor(app)).clockSkewMs - offMs) < 1_000, {
        what: 'the skew in /v1/executors',
      });
    }
    await shift(0);
    await until(() => app.logged('clock.in_step').length > 0, { what: 'the clock to be right again' });

    expect((await app.call('GET', `/v1/runs/${patient}`)).body).toMatchObject({ status: 'waiting' });
    expect(app.logged('clock.skewed').map((line) => Math.sign(Number(line['skewMs'])))).toEqual([1, -1]);
    expect((await app.call('GET', '/ready')).status).toBe(200);
    await app.kill();
  });
});

async function executor(app: AppProcess): Promise<{ clockSkewMs: number }> {
  const { body } = await app.call('GET', '/v1/executors');
  const [first] = body['items'] as { clockSkewMs: number }[];
  if (!first) throw new Error('no executor');
  return first;
}
