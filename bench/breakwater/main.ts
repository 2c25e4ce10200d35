// Breakwater as it is deployed: the whole app in one process. Bare steps run on its durable room, runs on its definitions.
import type { Knex } from 'knex';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { loadConfig } from '../../src/config.ts';
import { openStarts, registerDurable, startInTransaction } from '../../src/durable/index.ts';
import type { StartTogether } from '../../src/durable/index.ts';
import { newRunId, silent } from '../../src/kernel/index.ts';
import { DEFAULT_TENANT, startApp } from '../../src/main.ts';
import type { App } from '../../src/main.ts';
import { createKnex } from '../../src/postgres/index.ts';
import type { Actor } from '../../src/runs/index.ts';
import { TOLD } from '../lab.ts';
import { isMechanism } from '../mechanisms.ts';
import { countStatements } from '../statement-count.ts';
import { serve, verb } from '../subject.ts';
import { benchWorkflows } from '../workflows.ts';
import { workloads } from '../workloads.ts';
import type { Engine, Started } from '../workloads.ts';
import { approvalLoads } from './approvals.ts';
import type { Asking } from './approvals.ts';
import { breakerCosts } from './breaker.ts';
import { openBreakerNews } from './breaker-news.ts';
import type { BreakerNews } from './breaker-news.ts';
import { TOPIC, definitions } from './definitions.ts';
import { executionEnded } from './ended.ts';
import { marks } from './marks.ts';
import { openSteps } from './steps.ts';
import { countWaiting, questionOf } from './waiting-store.ts';
import { switchOffAfter, switchOffBefore } from './without.ts';

const ACTOR: Actor = { tenant: DEFAULT_TENANT, user: 'bench', roles: ['admin'] };
const POOL_SIZE = 10;

interface Opened {
  readonly app: App;
  readonly databaseUrl: string;
  readonly knex: Knex;
  /** As runs are started: together with whatever else starts. */
  readonly startTogether: StartTogether<undefined>;
}

const openArguments = z.object({
  databaseUrl: z.string(),
  folder: z.string(),
  leaseTtlMs: z.number(),
  told: z.enum(TOLD),
  otlpUrl: z.string().optional(),
  without: z.array(z.string()).transform((names) => new Set(names.filter(isMechanism))),
});

countStatements();
let opened: Opened | undefined;
let news: Promise<BreakerNews> | undefined;
const service = z.object({ service: z.string() });

serve({
  open: verb(openArguments, async (options) => {
    opened = await open(options);
  }),
  ...workloads(engine(), marks),
  ...approvalLoads(asking(), marks),
  failService: verb(service, async (of) => ({ at: await (await breakerNews()).fail(of.service) })),
  seeOpen: verb(service, async (of) => ({ at: await (await breakerNews()).seen(of.service) })),
  breaker: verb(z.object({ calls: z.number() }), async ({ calls }) => await breakerCosts(parts().databaseUrl, calls)),
});

async function open(asked: z.infer<typeof openArguments>): Promise<Opened> {
  const { databaseUrl, folder, leaseTtlMs, told, otlpUrl, without } = asked;
  switchOffBefore(without);
  const knex = createKnex(databaseUrl, { max: POOL_SIZE, name: 'bench' });
  for (const [name, body] of Object.entries(benchWorkflows(marks))) {
    registerDurable(`bench ${name}`, async (input) => await body(await openSteps(knex, name), input));
  }
  const config = loadConfig({
    DBOS_SYSTEM_DATABASE_URL: databaseUrl,
    PORT: '0',
    BREAKWATER_DATA_DIR: await mkdtemp(join(folder, 'app-')),
    BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'workflows'),
    BREAKWATER_RATE_LIMIT: 'off',
    BREAKWATER_LEASE_TTL: `${leaseTtlMs}ms`,
    BREAKWATER_GROUP_CHECKPOINTS: without.has('groups') ? 'off' : 'on',
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
  });
  const emit = told === 'everyone' ? undefined : silent;
  const app = await startApp(config, { emit, isUntold: told === 'nobody', environment: {} });
  switchOffAfter(without);
  for (const source of definitions) await app.runs.definitions.publish(ACTOR, source, 'yaml');
  return { app, databaseUrl, knex, startTogether: openStarts(knex) };
}

async function breakerNews(): Promise<BreakerNews> {
  news ??= openBreakerNews(parts().databaseUrl);
  return await news;
}

function parts(): Opened {
  if (!opened) throw new Error('the app is not open');
  return opened;
}

function engine(): Engine {
  const bare = new Set(Object.keys(benchWorkflows(marks)));
  return {
    async start(workflow, input): Promise<Started> {
      const id = bare.has(workflow) ? await startBare(workflow, input) : await startRun(workflow);
      return { id, ended: async () => await executionEnded(id) };
    },
    send: async (id) => {
      await parts().app.runs.send(ACTOR, id, TOPIC, { go: true }, `${id}:go`);
    },
    cancel: async (id) => {
      await parts().app.runs.cancel(ACTOR, id, { compensate: true });
    },
    untilWaiting,
  };
}

function asking(): Asking {
  return {
    start: async () => await startRun('review'),
    untilAsked: untilWaiting,
    approve: async (id) => {
      const { app, knex } = parts();
      await app.runs.decide(ACTOR, await questionOf(knex, id), { decision: 'approve' }, 'api');
    },
  };
}

async function untilWaiting(ids: readonly string[]): Promise<void> {
  while ((await countWaiting(parts().knex, ids)) < ids.length) await sleep(100);
}

async function startBare(workflow: string, input: Readonly<Record<string, number>>): Promise<string> {
  const runId = newRunId(Date.now());
  const start = { runId, name: `bench ${workflow}`, input };
  const { knex, startTogether } = parts();
  const inserted =
    (await startTogether(start, undefined)) ??
    (await knex.transaction(async (trx) => await startInTransaction(trx, start)));
  await inserted.begin();
  return runId;
}

async function startRun(workflow: string): Promise<string> {
  const { run } = await parts().app.runs.start(ACTOR, { workflow, input: {} });
  return run.id;
}
