// What is done with an engine and how it is timed: the same for ours and for raw DBOS. Runs inside the subject's process.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { now } from './marks.ts';
import type { Marks } from './marks.ts';
import { statementCount } from './statement-count.ts';
import { median, percentile } from './statistics.ts';
import { verb } from './subject.ts';
import type { Verbs } from './subject.ts';
import { paces } from './workflows.ts';

export interface Started {
  readonly id: string;
  /** Resolves once the execution is over and its outcome committed, whatever it is. Until it is asked, nothing waits for that. */
  ended(): Promise<unknown>;
}

/** An engine under measurement. Its workflows: those of workflows.ts, and `first`, `wake` in its own manner. */
export interface Engine {
  start(workflow: string, input: Readonly<Record<string, number>>): Promise<Started>;
  /** Wakes a `wake` workflow, which then hits `<id>:woken` in its next activity. */
  send(id: string): Promise<void>;
  cancel(id: string): Promise<void>;
  /** Resolves once all of these have come to wait. */
  untilWaiting(ids: readonly string[]): Promise<void>;
}

/** What was done, for the parent to look up in the database. */
interface Done {
  readonly workflows: number;
  readonly steps: number;
}

const START_LANES = 50;

export function workloads(engine: Engine, marks: Marks): Verbs {
  const started = new Map<string, Started>();
  const remember = (run: Started): Started => {
    started.set(run.id, run);
    return run;
  };
  return {
    sequences: verb(
      z.object({ workflow: z.string(), steps: z.number(), lanes: z.number(), windowMs: z.number() }),
      async ({ workflow, steps, lanes, windowMs }) => {
        const { elapsedMs, durations } = await closedLoop(lanes, windowMs, async () => {
          await (await engine.start(workflow, { steps })).ended();
        });
        const done: Done = { workflows: durations.length, steps: durations.length * steps };
        return { done, perSecond: (done.steps / elapsedMs) * 1_000, p50Ms: median(durations) };
      },
    ),
    wholeRuns: verb(
      z.object({ workflow: z.string(), input: z.record(z.string(), z.number()), steps: z.number(), runs: z.number() }),
      async ({ workflow, input, steps, runs }) => {
        const durations = await oneByOne(runs, async () => {
          const startedAt = now();
          await (await engine.start(workflow, input)).ended();
          return now() - startedAt;
        });
        return { done: { workflows: runs, steps: runs * steps }, p50Ms: median(durations) };
      },
    ),
    firstActivities: verb(z.object({ runs: z.number() }), async ({ runs }) => {
      const durations = await oneByOne(runs, async () => {
        const startedAt = now();
        const { id, ended } = await engine.start('first', {});
        const reachedAt = await marks.reached(`${id}:first`);
        await ended();
        return reachedAt - startedAt;
      });
      return { done: { workflows: runs, steps: runs }, p50Ms: median(durations) };
    }),
    wait: verb(z.object({ runs: z.number() }), async ({ runs }) => {
      const ids: string[] = [];
      await inLanes(START_LANES, runs, async () => void ids.push(remember(await engine.start('wake', {})).id));
      await engine.untilWaiting(ids);
      return { ids };
    }),
    wake: verb(z.object({ ids: z.array(z.string()) }), async ({ ids }) => {
      const durations = await oneByOne(ids.length, async (index) => {
        const id = ids[index] ?? '';
        const sentAt = now();
        await engine.send(id);
        const wokenAt = await marks.reached(`${id}:woken`);
        await started.get(id)?.ended();
        return wokenAt - sentAt;
      });
      const done: Done = { workflows: ids.length, steps: ids.length };
      return { done, p50Ms: median(durations), p95Ms: percentile(durations, 0.95) };
    }),
    cancel: verb(z.object({ ids: z.array(z.string()) }), async ({ ids }) => {
      const durations = await Promise.all(
        ids.map(async (id) => {
          const askedAt = now();
          await engine.cancel(id);
          await started.get(id)?.ended();
          return now() - askedAt;
        }),
      );
      return { p50Ms: median(durations) };
    }),
    idle: verb(z.object({ windowMs: z.number() }), async ({ windowMs }) => {
      const [before, startedAt] = [statementCount(), now()];
      await sleep(windowMs);
      return { perSecond: ((statementCount() - before) / (now() - startedAt)) * 1_000 };
    }),
    memory: async () => {
      for (let round = 0; round < 3; round++) {
        globalThis.gc?.();
        await sleep(100);
      }
      return { residentBytes: process.memoryUsage().rss };
    },
    startLong: verb(z.object({ steps: z.number() }), async ({ steps }) => {
      const { id } = remember(await engine.start('long', { steps }));
      await marks.reached(`${id}:gate`);
      const pace = paces.get(id) ?? [];
      return { id, laps: pace.slice(1).map((at, index) => at - (pace[index] ?? at)) };
    }),
    recovered: verb(z.object({ id: z.string() }), async ({ id }) => {
      const reachedAt = await marks.reached(`${id}:gate`);
      return { ms: reachedAt - (paces.get(id)?.[0] ?? Number.NaN) };
    }),
    tick: verb(
      z.object({ runs: z.number(), steps: z.number(), stepMs: z.number() }),
      async ({ runs, steps, stepMs }) => {
        const ids: string[] = [];
        await inLanes(START_LANES, runs, async () => {
          const { id } = remember(await engine.start('ticking', { steps, stepMs }));
          await marks.reached(`${id}:progress`);
          ids.push(id);
        });
        return { ids };
      },
    ),
    progress: verb(z.object({ ids: z.array(z.string()) }), async ({ ids }) => ({
      at: await Promise.all(ids.map(async (id) => await marks.reached(`${id}:progress`))),
    })),
  };
}

/** Each of `lanes` begins anew as soon as it is done, until the window is over; what was begun is finished. */
async function closedLoop(lanes: number, windowMs: number, once: () => Promise<void>) {
  const durations: number[] = [];
  const startedAt = now();
  const lane = async (): Promise<void> => {
    while (now() - startedAt < windowMs) {
      const begunAt = now();
      await once();
      durations.push(now() - begunAt);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { elapsedMs: now() - startedAt, durations };
}

async function oneByOne(count: number, once: (index: number) => Promise<number>): Promise<number[]> {
  const results: number[] = [];
  for (let index = 0; index < count; index++) results.push(await once(index));
  return results;
}

async function inLanes(lanes: number, count: number, once: () => Promise<void>): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun++ < count) await once();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
