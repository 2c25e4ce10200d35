// The workflows that are measured, written once: each engine gives its own way of recording a step.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { diamond } from './graph.ts';
import type { Graph, GraphNode } from './graph.ts';
import { now } from './marks.ts';
import type { Marks } from './marks.ts';

/** How an engine records steps of the workflow that is running. A step's body gives a number. */
export interface Steps {
  readonly workflowId: string;
  /** When this execution began, before it looked at what is recorded. */
  readonly begunAt: number;
  step(index: number, body: () => Promise<number>): Promise<number>;
  /** Steps 0 to `width - 1` at the same time. */
  together(width: number, body: (index: number) => Promise<number>): Promise<void>;
  /** Every node after those it needs, as early as the engine can. */
  graph(graph: Graph, body: (node: GraphNode) => Promise<number>): Promise<void>;
}

export type Body = (steps: Steps, input: unknown) => Promise<void>;

const counted = z.object({ steps: z.number() });
const wide = z.object({ width: z.number() });
const shaped = z.object({ size: z.number(), width: z.number() });
const paced = z.object({ steps: z.number(), stepMs: z.number() });

/** How often the pace of a long run is noted. */
const PACE_EVERY = 1_000;

/** Instants of a long run: its begin and after every thousand steps. */
export const paces = new Map<string, number[]>();

export function benchWorkflows(marks: Marks): Readonly<Record<string, Body>> {
  return {
    async sequence(steps, input) {
      const { steps: count } = counted.parse(input);
      for (let index = 0; index < count; index++) await steps.step(index, async () => index);
    },
    async fanout(steps, input) {
      await steps.together(wide.parse(input).width, async (index) => index);
    },
    async graph(steps, input) {
      const { size, width } = shaped.parse(input);
      await steps.graph(diamond(size, width), async ({ durationMs }) => await sleep(durationMs, durationMs));
    },
    async long(steps, input) {
      const { steps: count } = counted.parse(input);
      const pace = [steps.begunAt];
      paces.set(steps.workflowId, pace);
      for (let index = 0; index < count; index++) {
        await steps.step(index, async () => index);
        if ((index + 1) % PACE_EVERY === 0) pace.push(now());
      }
      // The process is killed here: the next one must come this far and begin this step.
      await steps.step(count, async () => {
        marks.hit(`${steps.workflowId}:gate`);
        return await Promise.withResolvers<never>().promise;
      });
    },
    async ticking(steps, input) {
      const { steps: count, stepMs } = paced.parse(input);
      for (let index = 0; index < count; index++) {
        await steps.step(index, async () => {
          marks.hit(`${steps.workflowId}:progress`);
          return await sleep(stepMs, index);
        });
      }
    },
  };
}
