// `npm run demo`: a whole campaign on this machine alone: the app on its embedded Postgres, the vendors' doubles beside it, a decision, the result.
// Progress goes to stderr; the result, as JSON, is all there is on stdout.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { loadConfig, readEnvironment } from '../src/config.ts';
import type { Config } from '../src/config.ts';
import { BreakwaterError, formatDuration } from '../src/kernel/index.ts';
import type { Emit } from '../src/kernel/index.ts';
import { startApp } from '../src/main.ts';
import type { App } from '../src/main.ts';
import { packageRoot } from '../src/postgres/index.ts';
import { DemoApi, readLedger } from './demo/api.ts';
import type { Approval, Campaign } from './demo/api.ts';
import { measureStart } from './demo/measure-start.ts';
import { watchRun } from './demo/show-progress.ts';
import type { Watch } from './demo/show-progress.ts';
import { spawnSandbox } from './demo/spawn-sandbox.ts';

const USAGE = `usage: npm run demo -- [--approve | --reject] [--port N]
  --approve   decide by itself, with an edit; exit 1 if the result is no success
  --reject    decide by itself; exit 1 if anything is left at a vendor
  --port N    where the app listens (default: PORT or 60000; 0 takes a free one)`;

/** What the reviewer changes, and what must be what ships. */
const EDIT = {
  'content_creation.generate': {
    email_subject: 'Spring, reviewed: your berths plan themselves',
    email_body: 'Edited by the reviewer. Harbor plans berths and crews for you; see it on the launch page.',
  },
};
const APPROVE = { decision: 'approve', reason: 'Reads well; I made the subject warmer.', edits: EDIT };
const REJECT = { decision: 'reject', reason: 'Not this season.' };

interface Wish {
  readonly decision?: typeof APPROVE | typeof REJECT;
  readonly port?: number;
}

// Runs that were handed over leave timers behind; nothing is left to wait for.
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  if (!wish) {
    console.error(USAGE);
    return 2;
  }
  try {
    return await runDemo(wish);
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    console.error(error.message);
    return 1;
  }
}

function readWish(args: readonly string[]): Wish | undefined {
  try {
    const options = { approve: { type: 'boolean' }, reject: { type: 'boolean' }, port: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    if (values.approve && values.reject) return undefined;
    if (values.port !== undefined && !/^\d{1,5}$/.test(values.port)) return undefined;
    const decision = values.approve ? APPROVE : values.reject ? REJECT : undefined;
    return { decision, ...(values.port !== undefined && { port: Number(values.port) }) };
  } catch (error) {
    // parseArgs throws a TypeError on an option it does not know.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

async function runDemo({ decision, port }: Wish): Promise<number> {
  const watch = watchRun();
  const sandbox = await spawnSandbox();
  try {
    const app = await startDemoApp(sandbox.url, port, watch.emit);
    try {
      console.error(
        `${styleText('bold', 'Breakwater')} on ${app.url}, ready in ${formatDuration(performance.now())}; vendors' doubles on ${sandbox.url}`,
      );
      const campaign = await Promise.race([runCampaign(app, decision, watch), interruption()]);
      if (!campaign) return 130;
      console.log(JSON.stringify(campaign.output, null, 2));
      return await verdict(campaign, decision, sandbox.url);
    } finally {
      await app.stop();
    }
  } finally {
    await sandbox.stop();
  }
}

// Ctrl-C and SIGTERM end the demo like anything else: app, Postgres and doubles stop, the run stays as it is.
async function interruption(): Promise<undefined> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
  // The same signal may come again from npm or the terminal: cleaning up goes on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  console.error('\nStopping; the run stays as it is.');
  return undefined;
}

// Real credentials are left out on purpose: a demo must not publish anything.
async function startDemoApp(sandboxUrl: string, port: number | undefined, emit: Emit): Promise<App> {
  const config: Config = { ...loadConfig(readEnvironment()), toolEnv: {}, sandboxUrl };
  return await startApp(port === undefined ? config : { ...config, port }, { emit });
}

async function runCampaign(app: App, decision: Wish['decision'], watch: Watch): Promise<Campaign> {
  const input: unknown = JSON.parse(
    await readFile(join(packageRoot(), 'workflows', 'inputs', 'spring-launch.json'), 'utf8'),
  );
  const api = new DemoApi(app.url, app.adminKey ?? '');
  const askedAtMs = performance.now();
  const { id } = await api.startCampaign(input, randomUUID());
  watch.follow(id, askedAtMs);
  const reached = await api.until(id, ({ status, finishedAt }) => status === 'waiting' || finishedAt !== undefined);
  if (reached.finishedAt === undefined) await reachDecision(app, api, id, decision);
  const ended = await api.until(id, ({ finishedAt }) => finishedAt !== undefined);
  const median = await measureStart(api, watch);
  console.error(`\nFrom a request to its run's first activity: ${median.toFixed(0)} ms, the median of nine runs.\n`);
  return ended;
}

async function reachDecision(app: App, api: DemoApi, runId: string, decision: Wish['decision']): Promise<void> {
  const approval = await api.pendingApproval(runId);
  if (!approval) throw new Error(`The run ${runId} waits, but no approval is pending.`);
  console.error(`\n${styleText('bold', approval.title)}\n  ${linkFor(app, approval)}\n`);
  if (decision) await api.decide(approval.id, decision);
  else
    console.error(
      'Open the link to read the draft, edit it, and approve or reject. Ctrl-C leaves the run as it is: the next start goes on with it.\n',
    );
}

function linkFor(app: App, { id, runId, approvers, deadline }: Approval): string {
  return app.approvalLink({
    runId,
    approvalId: id,
    approver: approvers[0] ?? 'user:admin',
    expiresAt: new Date(deadline),
  });
}

async function verdict(
  { output, status, error }: Campaign,
  decision: Wish['decision'],
  sandboxUrl: string,
): Promise<number> {
  if (error) console.error(`${error.code}${error.node ? ` at ${error.node}` : ''}: ${error.message}`);
  if (decision !== REJECT) return status === 'succeeded' || (!decision && status === 'rejected') ? 0 : 1;
  const left = (await readLedger(sandboxUrl)).filter((entry) => entry.kind !== 'fixture' && !entry.deletedAt);
  for (const { vendor, kind, id } of left) console.error(`Left behind: ${vendor} ${kind} ${id}`);
  return status === 'rejected' && left.length === 0 && output !== undefined ? 0 : 1;
}
