// The campaign fails at each of its acts in turn, refused and with its answer lost: what was done is taken back in the reverse of the
// graph, what the run tells is what the vendors hold, and nothing is left.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Call, Fault } from '../../sandbox/index.ts';
import { packageRoot } from '../../src/postgres/index.ts';
import type { EffectView, LeakView, RunView } from '../../src/runs/index.ts';
import { ONE_CAMPAIGN, countCreated, leftBehind } from '../recovery/a-campaign.ts';
import { Flow } from '../runs/live/flow.ts';
import { startLiveApp } from '../runs/live/live-app.ts';
import type { LiveApp } from '../runs/live/live-app.ts';
import { TRIES_ALL } from '../support/whole.ts';

const NAME = 'impatient-campaign';

let live: LiveApp;
let flow: Flow;
let input: Record<string, unknown>;
beforeAll(async () => {
  live = await startLiveApp('saga_campaign');
  flow = new Flow(live, NAME);
  input = {
    ...(JSON.parse(await textOf('inputs/spring-launch.json')) as Record<string, unknown>),
    competitor_urls: [],
  };
  const { status, body } = await live.publish(impatient(await textOf('marketing-campaign.yaml')));
  if (status !== 201) throw new Error(JSON.stringify(body));
});
afterAll(async () => await live.stop());
beforeEach(async () => void (await live.sandbox.call('POST', '/_reset')));

async function textOf(file: string): Promise<string> {
  return await readFile(join(packageRoot(), 'workflows', file), 'utf8');
}

/** The campaign as it is shipped, but one attempt an act: each fault decides. */
function impatient(source: string): string {
  const document = parse(source) as {
    workflow: { name: string };
    modules: { activities?: Record<string, unknown>[] }[];
  };
  document.workflow.name = NAME;
  for (const activity of document.modules.flatMap(({ activities = [] }) => activities)) activity['retry'] = 'none';
  return stringify(document);
}

interface Cut {
  readonly what: string;
  readonly at: Pick<Fault, 'vendor' | 'match'>;
}

const cut = (what: string, vendor: string, method: string, path: string): Cut => ({
  what,
  at: { vendor, match: { method, path } },
});

/** In the order of the campaign. */
const REQUIRED: readonly Cut[] = [
  cut('the draft', 'slm', 'POST', '/v1/chat/completions'),
  cut('the branch', 'github', 'POST', '/repos/acme/marketing-campaigns/git/refs'),
  cut('the file', 'github', 'PUT', '/repos/acme/marketing-campaigns/contents'),
  cut('the pull request', 'github', 'POST', '/repos/acme/marketing-campaigns/pulls'),
  cut('the message', 'slack', 'POST', '/api/chat.postMessage'),
  cut('the dashboard', 'grafana', 'POST', '/api/dashboards/db'),
];
const OPTIONAL: readonly (Cut & {
  readonly without: Readonly<Record<string, number>>;
  readonly failed: readonly string[];
})[] = [
  {
    ...cut("a designer's note", 'figma', 'POST', '/v1/files/harborBrand01/comments'),
    without: { 'figma comment': 1 },
    failed: [],
  },
  {
    ...cut('the mailing', 'sendgrid', 'POST', '/v3/marketing/singlesends'),
    without: { 'sendgrid campaign': 1 },
    failed: ['email'],
  },
  {
    ...cut('its schedule', 'sendgrid', 'PUT', '/v3/marketing/singlesends'),
    without: { 'sendgrid campaign': 1 },
    failed: ['email'],
  },
  { ...cut('the post', 'buffer', 'POST', ''), without: { 'buffer post': 1 }, failed: ['social'] },
  {
    ...cut('the blog', 'github', 'PUT', '/repos/acme/website/contents'),
    without: { 'github file': 1 },
    failed: ['blog'],
  },
];
const WAYS = [
  { way: 'is refused', fault: { fault: 'status', status: 400, times: 1 } },
  { way: 'has an effect and no answer', fault: { fault: 'reset_after_effect', times: 1 } },
  { way: 'has neither effect nor answer', fault: { fault: 'reset', times: 1 } },
] as const;
/** Every act in every way, or each act in one of them. */
const inWays = <C extends Cut>(cuts: readonly C[]) =>
  cuts.flatMap((each, index) =>
    WAYS.filter((_, way) => TRIES_ALL || way === index % WAYS.length).map((way) => ({ ...each, ...way })),
  );

interface Ended {
  readonly run: RunView;
  readonly standing: readonly EffectView[];
  readonly leaks: readonly LeakView[];
}

/** Approved as soon as it asks. */
async function runWith({
  at,
  fault,
}: Pick<Cut, 'at'> & { readonly fault: Omit<Fault, 'vendor' | 'match'> }): Promise<Ended> {
  await live.sandbox.fault({ ...at, ...fault });
  const id = await flow.startAgain({ input });
  const asked = await live.call<RunView>('GET', `/v1/runs/${id}?wait=500ms`);
  if (asked.body.finishedAt === undefined) await decideOrEnd(id);
  const run = await flow.end(id);
  const effects = await live.call<{ items: EffectView[] }>('GET', `/v1/runs/${id}/effects`);
  const leaks = await live.call<{ items: LeakView[] }>('GET', `/v1/leaks?workflow=${NAME}`);
  return { run, standing: effects.body.items.filter(({ stands }) => stands), leaks: leaks.body.items };
}

async function decideOrEnd(id: string): Promise<void> {
  for (;;) {
    const { status, finishedAt } = await flow.view(id);
    if (finishedAt !== undefined) return;
    if (status === 'waiting') return await flow.decide(id, { decision: 'approve' });
  }
}

/** Undos from the end of the campaign to its beginning; those with the same place go together. */
const UNDOS: readonly ((call: Call) => boolean)[] = [
  ({ vendor, method }) => vendor === 'grafana' && method === 'DELETE',
  ({ vendor, method, path, body }) =>
    (vendor === 'sendgrid' && method === 'DELETE') ||
    (vendor === 'buffer' && JSON.stringify(body).includes('deletePost')) ||
    (method === 'DELETE' && path.startsWith('/repos/acme/website/contents')),
  ({ vendor, path }) => vendor === 'slack' && path === '/api/chat.delete',
  ({ method, path }) => method === 'PATCH' && path.startsWith('/repos/acme/marketing-campaigns/pulls'),
  ({ method, path }) => method === 'DELETE' && path.startsWith('/repos/acme/marketing-campaigns/contents'),
  ({ method, path }) => method === 'DELETE' && path.startsWith('/repos/acme/marketing-campaigns/git/refs'),
  ({ vendor, method }) => vendor === 'figma' && method === 'DELETE',
];

async function undoPlaces(): Promise<number[]> {
  const calls = await live.sandbox.calls();
  return calls.map((call) => UNDOS.findIndex((isIt) => isIt(call))).filter((place) => place >= 0);
}

describe('a campaign', () => {
  it.each(inWays(REQUIRED))('of which $what $way leaves nothing behind', async (fault) => {
    const { run, standing, leaks } = await runWith(fault);

    const created = await live.sandbox.created();
    const deleted = created.filter(({ deletedAt }) => deletedAt);
    // The note of the draft is kept in our own database.
    const notes = fault.what === 'the draft' ? 0 : 1;
    expect(run.status).toBe(notes === 0 ? 'failed' : 'compensated');
    expect(leftBehind(await live.sandbox.ledger())).toEqual([]);
    expect(standing).toEqual([]);
    expect(leaks).toEqual([]);
    expect(run.compensation?.compensated ?? 0).toBe(deleted.length + notes);
    expect(run.compensation?.failed ?? 0).toBe(0);
    const places = await undoPlaces();
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places.length).toBeGreaterThanOrEqual(deleted.length);
  });

  it.each(inWays(OPTIONAL))('of which $what $way tells what the vendors hold', async (fault) => {
    const { run, standing } = await runWith(fault);

    const left = leftBehind(await live.sandbox.ledger());
    const { published_channels: published, failed_channels: failed } = (
      run.output as { distribution: { published_channels: string[]; failed_channels: string[] } }
    ).distribution;
    expect(run.status).toBe('succeeded');
    expect(countCreated(left)).toEqual(without(ONE_CAMPAIGN, fault.without));
    expect(failed).toEqual(fault.failed);
    expect(published).toHaveLength(3 - fault.failed.length);
    // The note is the one effect that is no vendor's.
    expect(standing).toHaveLength(left.length + 1);
  });
});

function without(
  whole: Readonly<Record<string, number>>,
  less: Readonly<Record<string, number>>,
): Record<string, number> {
  const counts = Object.entries(whole).map(([kind, count]) => [kind, count - (less[kind] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
