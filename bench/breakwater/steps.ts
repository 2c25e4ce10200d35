// Bare durable steps of ours: each at an id of its own, parallel ones in branches, a graph without a barrier between its waves.
import type { Knex } from 'knex';
import { ENGINE_RANGE, currentRun, loadRecord, openBranches, runStep } from '../../src/durable/index.ts';
import type { RunRecord } from '../../src/durable/index.ts';
import type { Graph } from '../graph.ts';
import { now } from '../marks.ts';
import type { Steps } from '../workflows.ts';

/** Workflows that a dead process leaves behind: like every run of ours, they read in one query what is recorded. */
const RESUMED: ReadonlySet<string> = new Set(['long', 'ticking']);

export async function openSteps(knex: Knex, workflow: string): Promise<Steps> {
  const begunAt = now();
  const record = RESUMED.has(workflow) ? await loadRecord(knex) : undefined;
  const step = async (index: number, body: () => Promise<number>): Promise<number> => {
    const id = ENGINE_RANGE.size + index;
    return readNumber(record, id) ?? (await runStep(id, 'step', body));
  };
  return {
    workflowId: currentRun().runId,
    begunAt,
    step,
    async together(width, body) {
      const branches = openBranches<number, number>();
      for (let index = 0; index < width; index++)
        branches.start(index, async () => await step(index, () => body(index)));
      await branches.drain();
    },
    async graph(graph, body) {
      const branches = openBranches<number, number>();
      const walk = openWalk(graph);
      const startReady = (ready: Graph): void => {
        for (const node of ready) branches.start(node.index, async () => await step(node.index, () => body(node)));
      };
      startReady(graph.filter(({ needs }) => needs.length === 0));
      for (let done = 0; done < graph.length; done++) {
        const settled = await branches.next();
        if (settled) startReady(walk(settled.key));
      }
    },
  };
}

function readNumber(record: RunRecord | undefined, id: number): number | undefined {
  return record?.read<number>(id);
}

/** Told which node is done, answers those that thereby became ready. */
function openWalk(graph: Graph): (done: number) => Graph {
  const missing = new Map(graph.map(({ index, needs }) => [index, needs.length]));
  const dependents = Map.groupBy(
    graph.flatMap((node) => node.needs.map((need) => ({ need, node }))),
    ({ need }) => need,
  );
  return (done) =>
    (dependents.get(done) ?? []).flatMap(({ node }) => {
      const left = (missing.get(node.index) ?? 0) - 1;
      missing.set(node.index, left);
      return left === 0 ? [node] : [];
    });
}
