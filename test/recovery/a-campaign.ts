// One campaign on the app under test: started, watched, decided, and compared with what the vendors' doubles hold.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../../sandbox/index.ts';
import { packageRoot } from '../../src/postgres/index.ts';
import type { AppProcess } from '../support/app-process.ts';
import { until } from '../support/until.ts';

export const FINAL = ['succeeded', 'failed', 'compensated', 'rejected', 'cancelled', 'compensation_failed'];

async function springLaunch(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(packageRoot(), 'workflows', 'inputs', 'spring-launch.json'), 'utf8')) as Record<
    string,
    unknown
  >;
}

/** What one campaign that nobody disturbs creates in its three channels. */
export const ONE_CAMPAIGN = {
  'figma comment': 3,
  'github branch': 1,
  'github file': 2,
  'github pull': 1,
  'slack message': 1,
  'sendgrid campaign': 1,
  'buffer post': 1,
  'grafana dashboard': 1,
};

/** Without competitors to look at, unless asked: a browser adds seconds and no effect. */
export async function startCampaign(
  app: AppProcess,
  key = 'campaign',
  change: Record<string, unknown> = {},
): Promise<string> {
  const { status, body } = await app.call(
    'POST',
    '/v1/campaigns',
    { ...(await springLaunch()), competitor_urls: [], ...change },
    { 'idempotency-key': key },
  );
  if (status !== 202) throw new Error(`the campaign was refused: ${JSON.stringify(body)}`);
  return String(body.id);
}

async function runOf(app: AppProcess, id: string): Promise<Record<string, unknown>> {
  return (await app.call('GET', `/v1/runs/${id}`)).body;
}

export async function untilStatus(
  app: AppProcess,
  id: string,
  statuses: readonly string[],
  timeoutMs = 30_000,
): Promise<Record<string, unknown>> {
  let last: unknown;
  return await until(
    async () => {
      const run = await runOf(app, id);
      last = run;
      return statuses.includes(String(run.status)) && run;
    },
    { what: `run ${id} to be ${statuses.join(' or ')}`, timeoutMs },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${JSON.stringify(last)}\n${app.output().slice(-4_000)}`);
  });
}

async function pendingApproval(app: AppProcess, runId: string): Promise<string> {
  const { body } = await app.call('GET', '/v1/approvals?status=pending');
  const items = body.items as { id: string; runId: string }[];
  const found = items.find((each) => each.runId === runId);
  if (!found) throw new Error(`no approval of ${runId} is pending`);
  return found.id;
}

export async function decide(app: AppProcess, runId: string, decision: unknown): Promise<void> {
  const id = await pendingApproval(app, runId);
  const { status, body } = await app.call('POST', `/v1/approvals/${id}/decisions`, decision);
  if (status !== 200) throw new Error(`the decision was refused: ${JSON.stringify(body)}`);
}

/** What was ever created, by vendor and kind, fixtures left out. */
export function countCreated(ledger: readonly LedgerEntry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { vendor, kind } of ledger) counts[`${vendor} ${kind}`] = (counts[`${vendor} ${kind}`] ?? 0) + 1;
  return counts;
}

export function leftBehind(ledger: readonly LedgerEntry[]): readonly LedgerEntry[] {
  return ledger.filter((entry) => entry.kind !== 'fixture' && !entry.deletedAt);
}
