// Approvals that wait by the thousand: asked together, answered one by one.
import { z } from 'zod';
import { now } from '../marks.ts';
import type { Marks } from '../marks.ts';
import { median, percentile } from '../statistics.ts';
import { verb } from '../subject.ts';
import type { Verbs } from '../subject.ts';

export interface Asking {
  /** Starts a run that asks, and then hits `<id>:decided` in its next activity. */
  start(): Promise<string>;
  /** Resolves once all of these ask. */
  untilAsked(ids: readonly string[]): Promise<void>;
  approve(id: string): Promise<void>;
}

const LANES = 50;

export function approvalLoads(asking: Asking, marks: Marks): Verbs {
  return {
    askPeople: verb(z.object({ runs: z.number() }), async ({ runs }) => {
      const ids: string[] = [];
      const lane = async (): Promise<void> => {
        while (ids.length < runs) {
          const place = ids.push('') - 1;
          ids[place] = await asking.start();
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      await asking.untilAsked(ids);
      return { ids };
    }),
    approve: verb(z.object({ ids: z.array(z.string()) }), async ({ ids }) => {
      const durations: number[] = [];
      for (const id of ids) {
        const sentAt = now();
        await asking.approve(id);
        durations.push((await marks.reached(`${id}:decided`)) - sentAt);
      }
      return { p50Ms: median(durations), p95Ms: percentile(durations, 0.95) };
    }),
  };
}
