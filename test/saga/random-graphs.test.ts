// Random graphs at once on a real Postgres, with refusals, lost answers and a process that is killed twice: the vendor's own ledger is
// the judge.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault, LedgerEntry } from '../../sandbox/index.ts';
import type { Plan } from '../../src/definitions/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import type { EffectView, LeakView, RunView } from '../../src/runs/index.ts';
import { Flow } from '../runs/live/flow.ts';
import type { Part } from '../runs/live/flow.ts';
import type { LiveApp } from '../runs/live/live-app.ts';
import { scenarios } from '../runs/scenarios.ts';
import type { Scenario } from '../runs/scenarios.ts';
import { walk } from '../runs/walk.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { TRIES_ALL } from '../support/whole.ts';

const GRAPHS = TRIES_ALL ? 20 : 4;
const AS_THEY_COME = GRAPHS / 4;
const SEED = Number(process.env['SAGA_SEED'] ?? 20_260_101);

interface Graph extends Scenario {
  readonly flow: Flow;
  runId: string;
}

let sandbox: TestSandbox;
let databaseUrl: string;
let app: AppProcess;
let graphs: Graph[];
const apps: AppProcess[] = [];

beforeAll(async () => {
  sandbox = await openSandbox();
  databaseUrl = await createTestDatabase('saga_random');
  await startApp();
  graphs = drawGraphs().map((scenario, index) => ({
    ...scenario,
    flow: new Flow(asLive(), `graph-${index}`),
    runId: '',
  }));
});
afterAll(async () => {
  for (const each of apps) if (each.child.exitCode === null && each.child.signalCode === null) await each.kill();
  await sandbox[Symbol.asyncDispose]();
});

/** Out of many: those in which most is undone in an order, and a few as they come. */
function drawGraphs(): Scenario[] {
  const any = scenarios({ execution: 'eager', conditions: 'evaluable', limits: false });
  const drawn = fc.sample(any, { numRuns: 20 * GRAPHS, seed: SEED });
  const byOrder = drawn.toSorted((a, b) => orderedUndos(b) - orderedUndos(a));
  return [...byOrder.slice(0, GRAPHS - AS_THEY_COME), ...drawn.slice(0, AS_THEY_COME)];
}

function orderedUndos({ plan, behaviours }: Scenario): number {
  const { happenings, turn } = walk(plan, behaviours);
  if (!turn) return 0;
  const done = happenings.filter(({ kind, id }) => kind === 'ended' && behaviours[id]!.ends === 'completed');
  return done.reduce((sum, { id }) => sum + done.filter((other) => dependsOn(plan, other.id, id)).length, 0);
}

async function startApp(): Promise<void> {
  app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
  apps.push(app);
}

// Whatever process serves at the moment.
function asLive(): LiveApp {
  const knex = createKnex(databaseUrl, { max: 1, name: 'unused' });
  return {
    sandbox,
    databaseUrl,
    knex,
    call: async (method: string, path: string, body?: unknown) => await app.call(method, path, body),
    publish: async (yaml: string) =>
      await app.call('POST', '/v1/definitions', yaml, { 'content-type': 'application/yaml' }),
  } as unknown as LiveApp;
}

function modulesOf({ flow, plan }: Graph): Part[] {
  return plan.modules.map((module) => ({
    id: module.id,
    type: module.type,
    depends_on: module.dependencies,
    ...(module.when && { when: module.when.cel }),
    activities: plan.nodes
      .filter((node) => node.module === module.id)
      .map((node) =>
        flow.write(node.name, {
          ...(module.type === 'parallel' && {
            depends_on: node.dependencies
              .filter((id) => id.startsWith(`${module.id}.`))
              .map((id) => id.slice(module.id.length + 1)),
          }),
          with: { ...(flow.write('x')['with'] as Part), path: `${flow.name}/${node.id}`, content: node.id },
          optional: node.optional,
          ...(node.when && { when: node.when.cel }),
          compensation: { action: 'delete_file', retry: { strategy: 'immediate', max_attempts: 5 } },
        }),
      ),
  }));
}

/** A refusal stays; an answer is lost once. What succeeds takes its time, so that a kill meets it. */
function faultOf(behaviour: Scenario['behaviours'][string]): Omit<Fault, 'vendor' | 'match'> {
  if (behaviour.ends === 'failed') return { fault: 'status', status: 422 };
  if (behaviour.ends === 'unknown') return { fault: behaviour.tookMs % 2 ? 'reset' : 'reset_after_effect', times: 1 };
  return { fault: 'delay', delayMs: behaviour.tookMs * 60, times: 1 };
}

async function begin(graph: Graph): Promise<void> {
  for (const { id } of graph.plan.nodes) {
    const { tookMs } = graph.behaviours[id]!;
    await graph.flow.strike(id, faultOf(graph.behaviours[id]!));
    await graph.flow.strike(id, { fault: 'delay', delayMs: tookMs * 40, times: 1 }, 'DELETE');
  }
  graph.runId = await graph.flow.start(modulesOf(graph));
}

async function killAndRestart(): Promise<void> {
  await app.kill();
  await startApp();
}

async function acted(method: string): Promise<number> {
  return (await sandbox.calls('github')).filter((call) => call.method === method).length;
}

function entriesOf(ledger: readonly LedgerEntry[], { flow }: Graph): Map<string, LedgerEntry[]> {
  const pathOf = ({ data }: LedgerEntry): string => data['path'] as string;
  const own = ledger.filter((entry) => entry.kind === 'file' && pathOf(entry).startsWith(`${flow.name}/`));
  return Map.groupBy(own, (entry) => pathOf(entry).slice(flow.name.length + 1));
}

function dependsOn(plan: Plan, id: string, other: string): boolean {
  const node = plan.nodes.find((each) => each.id === id)!;
  return node.dependencies.some((dependency) => dependency === other || dependsOn(plan, dependency, other));
}

function runsAlways(plan: Plan, id: string): boolean {
  const node = plan.nodes.find((each) => each.id === id)!;
  const module = plan.modules.find((each) => each.id === node.module)!;
  return node.when?.cel !== 'false' && module.when?.cel !== 'false';
}

describe('random graphs through two kills', () => {
  let runs: RunView[];
  let ledger: readonly LedgerEntry[];
  beforeAll(async () => {
    await Promise.all(graphs.map(begin));
    await until(async () => (await acted('PUT')) >= GRAPHS, { what: 'acts to begin' });
    await killAndRestart();
    await until(async () => (await acted('DELETE')) >= 3, { what: 'undos to begin', timeoutMs: 30_000 });
    await killAndRestart();
    runs = await Promise.all(graphs.map(async ({ runId }) => await ended(runId)));
    ledger = await sandbox.created();
  }, 120_000);

  async function ended(runId: string): Promise<RunView> {
    const { body } = await app.call('GET', `/v1/runs/${runId}?wait=60s`);
    return body as unknown as RunView;
  }

  it('end, as succeeded or with nothing left', () => {
    for (const [index, graph] of graphs.entries()) {
      const { status, error } = runs[index]!;
      const files = entriesOf(ledger, graph);
      const left = [...files].filter(([, entries]) => entries.some(({ deletedAt }) => !deletedAt)).map(([id]) => id);
      const wanted = graph.plan.nodes
        .filter(({ id, optional }) => runsAlways(graph.plan, id) && !optional)
        .map(({ id }) => id);
      expect(['succeeded', 'compensated', 'failed'], `${graph.flow.name}: ${JSON.stringify(error)}`).toContain(status);
      if (status === 'succeeded') expect(left).toEqual(expect.arrayContaining(wanted));
      else expect(left).toEqual([]);
      const refused = wanted.some((id) => graph.behaviours[id]!.ends === 'failed');
      if (refused) expect(status).not.toBe('succeeded');
    }
    expect(new Set(runs.map(({ status }) => status)).size).toBeGreaterThan(1);
  });

  it('create everything once at most', () => {
    for (const graph of graphs) {
      for (const [id, entries] of entriesOf(ledger, graph)) expect(entries, `${graph.flow.name}/${id}`).toHaveLength(1);
    }
  });

  it('undo what was built on an act before the act itself', () => {
    let pairs = 0;
    for (const graph of graphs.filter((_, index) => runs[index]!.status === 'compensated')) {
      const files = entriesOf(ledger, graph);
      const undoneAt = new Map([...files].flatMap(([id, [file]]) => (file?.deletedAt ? [[id, file.deletedAt]] : [])));
      for (const [id, at] of undoneAt) {
        const { optional } = graph.plan.nodes.find((node) => node.id === id)!;
        // Undone as soon as it was in doubt, while the run went on.
        if (optional && graph.behaviours[id]!.ends === 'unknown') continue;
        for (const [other, otherAt] of undoneAt) {
          if (!dependsOn(graph.plan, other, id)) continue;
          pairs += 1;
          expect(otherAt <= at, `${graph.flow.name}: ${other} before ${id}`).toBe(true);
        }
      }
    }
    expect(pairs).toBeGreaterThan(5);
  });

  it('tell of their effects what the ledger holds', async () => {
    for (const [index, graph] of graphs.entries()) {
      const { body } = await app.call('GET', `/v1/runs/${graph.runId}/effects?limit=200`);
      const effects = body['items'] as EffectView[];
      const left = [...entriesOf(ledger, graph)].filter(([, [file]]) => !file?.deletedAt).map(([id]) => id);
      expect(
        effects
          .filter(({ stands }) => stands)
          .map(({ node }) => node)
          .toSorted(),
        runs[index]!.id,
      ).toEqual(left.toSorted());
    }
    expect(((await app.call('GET', '/v1/leaks')).body['items'] as LeakView[]).map(({ runId }) => runId)).toEqual([]);
  });
});
