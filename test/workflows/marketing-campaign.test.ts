// The whole campaign on the app as a real process: ten tools, what ships, what one failing channel means, what three do.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { FINAL, countCreated, decide, leftBehind, startCampaign, untilStatus } from '../recovery/a-campaign.ts';

const EDITED = 'Edited by the reviewer: berths that plan themselves.';
const COMPETITORS = ['https://tidewater.example/features', 'https://northquay.example/pricing'];
const CHANNELS = ['email', 'social', 'blog'];
const FAILURES = [
  { vendor: 'sendgrid', match: { method: 'POST', path: '/v3/marketing/singlesends' }, fault: 'status', status: 400 },
  { vendor: 'buffer', fault: 'status', status: 400 },
  { vendor: 'github', match: { method: 'PUT', path: '/repos/acme/website/contents' }, fault: 'status', status: 422 },
] as const;

let sandbox: TestSandbox;
let app: AppProcess;
let count = 0;
beforeAll(async () => {
  sandbox = await openSandbox();
  app = await AppProcess.start({ databaseUrl: await createTestDatabase('campaign'), sandboxUrl: sandbox.url });
});
afterAll(async () => {
  await app.stop();
  await sandbox[Symbol.asyncDispose]();
});
beforeEach(async () => void (await sandbox.call('POST', '/_reset')));
afterEach(async () => void (await sandbox.call('DELETE', '/_faults')));

interface Result {
  readonly status: string;
  readonly research: {
    readonly competitors: readonly { readonly title: string }[];
    readonly market: { readonly results: readonly unknown[] };
  };
  readonly content: Record<string, string>;
  readonly assets: readonly { readonly url: string }[];
  readonly distribution: {
    readonly published_channels: readonly string[];
    readonly failed_channels: readonly string[];
  };
  readonly analytics_dashboard_url: string | null;
  readonly duration_seconds: number;
}

async function runCampaign(
  decision: unknown,
  faults: readonly (typeof FAILURES)[number][] = [],
): Promise<{ run: Record<string, unknown>; result: Result }> {
  const id = await startCampaign(app, `campaign-${count++}`, { competitor_urls: COMPETITORS });
  await untilStatus(app, id, ['waiting'], 60_000);
  for (const fault of faults) await sandbox.fault(fault);
  await decide(app, id, decision);
  const run = await untilStatus(app, id, FINAL, 60_000);
  const { body } = await app.call('GET', `/v1/campaigns/${id}`);
  return { run, result: body['output'] as Result };
}

describe('the marketing campaign', () => {
  it('publishes three channels with ten tools, once each, and ships what the reviewer edited', async () => {
    const { run, result } = await runCampaign({
      decision: 'approve',
      edits: { 'content_creation.generate': { email_body: EDITED, social_post: EDITED } },
    });

    expect(run).toMatchObject({ status: 'succeeded', progress: 100, sandboxed: true });
    expect(result).toMatchObject({
      status: 'success',
      distribution: { published_channels: CHANNELS, failed_channels: [] },
    });
    expect(result.content).toMatchObject({ email_body: EDITED });
    expect(result.assets).toHaveLength(3);
    expect(result.research.competitors).toHaveLength(2);
    expect(result.research.competitors.every((page) => page.title.length > 0)).toBe(true);
    expect(result.research.market.results.length).toBeGreaterThan(0);
    expect(result.analytics_dashboard_url).toMatch(/^https?:\/\//);
    expect(result.duration_seconds).toBeGreaterThan(0);
    const created = await sandbox.created();
    expect(countCreated(created)).toMatchObject({
      'sendgrid campaign': 1,
      'buffer post': 1,
      'grafana dashboard': 1,
      'github pull': 1,
      'slack message': 1,
    });
    const shipped = created
      .filter((entry) => ['campaign', 'post'].includes(entry.kind))
      .map((entry) => JSON.stringify(entry.data));
    expect(shipped.every((data) => data.includes(EDITED))).toBe(true);
    const vendors = new Set((await sandbox.calls()).map((call) => call.vendor));
    expect([...vendors].toSorted()).toEqual([
      'buffer',
      'figma',
      'github',
      'grafana',
      'notion',
      'pages',
      'sendgrid',
      'slack',
      'slm',
    ]);
  });

  it('ships what update_content changed before the approval, by the original names', async () => {
    const id = await startCampaign(app, `campaign-${count++}`);
    await untilStatus(app, id, ['waiting'], 60_000);
    const signal = async (name: string, body: unknown) =>
      await app.call('POST', `/v1/workflows/${id}/signals/${name}`, body);

    const changed = await signal('update_content', { content_id: 'email_body', new_content: EDITED });
    const wrong = await signal('update_content', { content_id: 'email_body', new_content: 7 });
    const approved = await signal('approve', {
      edits: { 'content_creation.generate': { email_subject: 'Another subject' } },
    });
    await untilStatus(app, id, FINAL, 60_000);
    const late = await signal('update_content', { content_id: 'email_body', new_content: 'too late' });

    expect([changed.status, wrong.status, approved.status, late.status]).toEqual([200, 422, 200, 409]);
    const [mailing] = (await sandbox.created()).filter((entry) => entry.kind === 'campaign');
    expect(JSON.stringify(mailing?.data)).toContain(EDITED);
    expect(JSON.stringify(mailing?.data)).toContain('Another subject');
  });

  it('leaves nothing behind when it is rejected', async () => {
    const { run, result } = await runCampaign({ decision: 'reject', reason: 'not now' });

    expect(run).toMatchObject({ status: 'rejected', cause: 'rejection' });
    expect(result.status).toBe('rejected');
    expect(leftBehind(await sandbox.ledger())).toEqual([]);
  });

  it.each(FAILURES.map((fault, index) => ({ fault, channel: CHANNELS[index]! })))(
    'succeeds without $channel when that channel alone fails',
    async ({ fault, channel }) => {
      const { result } = await runCampaign({ decision: 'approve' }, [fault]);

      expect(result.status).toBe('success');
      expect(result.distribution).toEqual({
        published_channels: CHANNELS.filter((each) => each !== channel),
        failed_channels: [channel],
      });
    },
  );

  it('takes everything back when all three channels fail', async () => {
    const { run, result } = await runCampaign({ decision: 'approve' }, FAILURES);

    expect(run).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      error: { code: 'REQUIRE', node: 'distribution' },
    });
    expect(result.status).toBe('failed');
    expect(leftBehind(await sandbox.ledger())).toEqual([]);
  });
});
