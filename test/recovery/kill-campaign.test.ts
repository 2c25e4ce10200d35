// SIGKILL in each phase of a campaign, before a vendor's effect and between the effect and our checkpoint; a second process ends it as if nothing had happened.
import { describe, expect, it } from 'vitest';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { TRIES_ALL, sampled } from '../support/whole.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { FINAL, ONE_CAMPAIGN, countCreated, decide, leftBehind, startCampaign, untilStatus } from './a-campaign.ts';

const LONG_MS = 600_000;

interface Cut {
  readonly what: string;
  readonly vendor: string;
  readonly method: string;
  readonly path: string;
}

const BEFORE_APPROVAL: readonly Cut[] = [
  { what: 'the draft', vendor: 'slm', method: 'POST', path: '/v1/chat/completions' },
  { what: 'the branch', vendor: 'github', method: 'POST', path: '/repos/acme/marketing-campaigns/git/refs' },
  { what: 'the file', vendor: 'github', method: 'PUT', path: '/repos/acme/marketing-campaigns/contents' },
  { what: 'the pull request', vendor: 'github', method: 'POST', path: '/repos/acme/marketing-campaigns/pulls' },
  { what: "the designer's note", vendor: 'figma', method: 'POST', path: '/v1/files/harborBrand01/comments' },
  { what: 'the message', vendor: 'slack', method: 'POST', path: '/api/chat.postMessage' },
];
const AFTER_APPROVAL: readonly Cut[] = [
  { what: 'the mailing', vendor: 'sendgrid', method: 'POST', path: '/v3/marketing/singlesends' },
  { what: 'its schedule', vendor: 'sendgrid', method: 'PUT', path: '/v3/marketing/singlesends' },
  { what: 'the blog post', vendor: 'github', method: 'PUT', path: '/repos/acme/website/contents' },
  { what: 'the dashboard', vendor: 'grafana', method: 'POST', path: '/api/dashboards/db' },
];
const UNDOING: readonly Cut[] = [
  { what: 'deleting the message', vendor: 'slack', method: 'POST', path: '/api/chat.delete' },
  {
    what: 'closing the pull request',
    vendor: 'github',
    method: 'PATCH',
    path: '/repos/acme/marketing-campaigns/pulls',
  },
  { what: 'deleting the file', vendor: 'github', method: 'DELETE', path: '/repos/acme/marketing-campaigns/contents' },
  { what: 'deleting the branch', vendor: 'github', method: 'DELETE', path: '/repos/acme/marketing-campaigns/git/refs' },
];

/** `hang`: the vendor has done nothing when we die. `delay`: it has, and we never learn it. */
const POINTS = [
  { point: 'before the effect of', fault: { fault: 'hang' } },
  { point: 'between effect and checkpoint of', fault: { fault: 'delay', delayMs: LONG_MS } },
] as const;

/** A sample has every third cut, at one of them in turn. */
const points = (cuts: readonly Cut[]) =>
  sampled(cuts, 3).flatMap((cut, index) =>
    POINTS.filter((_, at) => TRIES_ALL || at === index % 2).map(({ point, fault }) => ({ ...cut, point, fault })),
  );

/** A sandbox and a database of a test's own, so that several tests may wait for their take-over at once. */
interface World extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  startApp(dataDir?: string): Promise<AppProcess>;
  plant(cut: Cut, fault: object): Promise<void>;
  killDuring(app: AppProcess, cut: Cut): Promise<void>;
}

async function expectOnce({ sandbox }: World, app: AppProcess, runId: string): Promise<void> {
  const run = await untilStatus(app, runId, FINAL, 60_000);
  expect(run).toMatchObject({ status: 'succeeded', progress: 100 });
  expect(countCreated(await sandbox.created())).toEqual(ONE_CAMPAIGN);
}

async function openWorld(): Promise<World> {
  const sandbox = await openSandbox();
  const databaseUrl = await createTestDatabase('kill');
  const apps: AppProcess[] = [];
  return {
    sandbox,
    async startApp(dataDir) {
      const settings = { databaseUrl, sandboxUrl: sandbox.url, ...(dataDir !== undefined && { dataDir }) };
      const app = await AppProcess.start(settings);
      apps.push(app);
      return app;
    },
    async plant({ vendor, method, path }, fault) {
      await sandbox.fault({ vendor, match: { method, path }, times: 1, ...fault } as Parameters<
        TestSandbox['fault']
      >[0]);
    },
    async killDuring(app, { vendor, method, path }) {
      const called = async () =>
        (await sandbox.calls(vendor)).some(
          (call) => Boolean(call.fault) && call.method === method && call.path.includes(path),
        );
      await until(called, { what: `${method} ${path} to reach ${vendor}`, timeoutMs: 20_000 });
      await app.kill();
      await sandbox.call('DELETE', '/_faults');
    },
    async [Symbol.asyncDispose]() {
      for (const app of apps) if (app.child.exitCode === null && app.child.signalCode === null) await app.kill();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

describe.concurrent('a campaign whose process is killed', { timeout: 120_000 }, () => {
  it.each(points(BEFORE_APPROVAL))('$point $what creates everything once', async (cut) => {
    await using world = await openWorld();
    await world.plant(cut, cut.fault);
    const first = await world.startApp();
    const runId = await startCampaign(first);
    await world.killDuring(first, cut);

    const second = await world.startApp();
    await untilStatus(second, runId, ['waiting']);
    await decide(second, runId, { decision: 'approve' });

    await expectOnce(world, second, runId);
  });

  it.each(points(AFTER_APPROVAL))('$point $what publishes everything once', async (cut) => {
    await using world = await openWorld();
    await world.plant(cut, cut.fault);
    const first = await world.startApp();
    const runId = await startCampaign(first);
    await untilStatus(first, runId, ['waiting']);
    await decide(first, runId, { decision: 'approve' });
    await world.killDuring(first, cut);

    const second = await world.startApp(first.dataDir);

    await expectOnce(world, second, runId);
  });

  it.each(points(UNDOING))('$point $what leaves nothing behind after a rejection', async (cut) => {
    await using world = await openWorld();
    await world.plant(cut, cut.fault);
    const first = await world.startApp();
    const runId = await startCampaign(first);
    await untilStatus(first, runId, ['waiting']);
    await decide(first, runId, { decision: 'reject', reason: 'no' });
    await world.killDuring(first, cut);

    const second = await world.startApp();

    const run = await untilStatus(second, runId, FINAL, 60_000);
    expect(run).toMatchObject({ status: 'rejected', cause: 'rejection' });
    expect(leftBehind(await world.sandbox.ledger())).toEqual([]);
  });

  it('while it waits is decided through another process', async () => {
    await using world = await openWorld();
    const first = await world.startApp();
    const runId = await startCampaign(first);
    await untilStatus(first, runId, ['waiting']);
    const second = await world.startApp();
    await first.kill();
    await decide(second, runId, {
      decision: 'approve',
      edits: { 'content_creation.generate': { email_body: 'Edited while the first was down.' } },
    });

    await expectOnce(world, second, runId);

    const [mailing] = (await world.sandbox.ledger('sendgrid')).filter((entry) => entry.kind === 'campaign');
    expect(JSON.stringify(mailing?.data)).toContain('Edited while the first was down.');
  });
});
