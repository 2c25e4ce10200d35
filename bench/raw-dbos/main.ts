// Raw DBOS as its documentation has it: startWorkflow, runStep, recv, a pool of 10; a graph in waves, because its steps are numbered in the order of calls.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { wavesOf } from '../graph.ts';
import { createMarks, now } from '../marks.ts';
import { countStatements } from '../statement-count.ts';
import { serve, verb } from '../subject.ts';
import { benchWorkflows } from '../workflows.ts';
import type { Steps } from '../workflows.ts';
import { workloads } from '../workloads.ts';
import type { Engine, Started } from '../workloads.ts';

const POOL_SIZE = 10;
const TOPIC = 'go';
const WEEK_SECONDS = 604_800;

countStatements();
const marks = createMarks();
const registered = new Map(
  Object.entries(benchWorkflows(marks)).map(([name, body]) => [
    name,
    register(name, async (input) => await body(steps(), input)),
  ]),
);
registered.set(
  'first',
  register('first', async () => await hit('first')),
);
registered.set(
  'wake',
  register('wake', async () => {
    marks.hit(`${DBOS.workflowID}:waiting`);
    await DBOS.recv(TOPIC, { timeoutSeconds: WEEK_SECONDS });
    await hit('woken');
  }),
);

function register(name: string, body: (input: unknown) => Promise<void>) {
  return DBOS.registerWorkflow(async (input: unknown) => await body(input), { name });
}

async function hit(name: string): Promise<void> {
  const id = DBOS.workflowID;
  await DBOS.runStep(async () => marks.hit(`${id}:${name}`), { name });
}

function steps(): Steps {
  const record = async (body: () => Promise<number>): Promise<number> => await DBOS.runStep(body, { name: 'step' });
  return {
    workflowId: DBOS.workflowID ?? '',
    begunAt: now(),
    step: async (_index, body) => await record(body),
    together: async (width, body) => {
      await Promise.all(Array.from({ length: width }, async (_, index) => await record(() => body(index))));
    },
    graph: async (graph, body) => {
      for (const wave of wavesOf(graph)) await Promise.all(wave.map(async (node) => await record(() => body(node))));
    },
  };
}

const engine: Engine = {
  async start(workflow, input): Promise<Started> {
    const target = registered.get(workflow);
    if (!target) throw new Error(`no workflow "${workflow}"`);
    const handle = await DBOS.startWorkflow(target)(input);
    return { id: handle.workflowID, ended: async () => await Promise.allSettled([handle.getResult()]) };
  },
  send: async (id) => await DBOS.send(id, { go: true }, TOPIC, `${id}:go`),
  cancel: async (id) => await DBOS.cancelWorkflow(id),
  // Between the mark and the wait itself are two look-ups.
  async untilWaiting(ids) {
    await Promise.all(ids.map(async (id) => await marks.reached(`${id}:waiting`)));
    await sleep(500);
  },
};

serve({
  open: verb(z.object({ databaseUrl: z.string() }), async ({ databaseUrl }) => {
    const silent = (): void => undefined;
    DBOS.setConfig({
      name: 'bench',
      systemDatabaseUrl: databaseUrl,
      systemDatabasePoolSize: POOL_SIZE,
      executorID: 'bench',
      applicationVersion: 'bench',
      logger: { debug: silent, info: silent, warn: silent, error: silent },
    });
    await DBOS.launch();
  }),
  ...workloads(engine, marks),
});
