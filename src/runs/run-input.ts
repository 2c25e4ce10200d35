// DBOS's argument of every run: what it is pinned to (D6), and which run began it. Stored: members are added, never changed.
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';

/** Stored with every run: never renamed. */
export const RUN_WORKFLOW = 'breakwater.run';

/** Runs above a run: workflows that run each other would go on without end. */
export const MAX_DEPTH = 8;

const parentRun = z.object({
  runId: z.string(),
  /** The node of it that waits for this run. */
  node: z.string(),
  epoch: z.int(),
  /** How many runs are above this one. */
  depth: z.int(),
});
export type ParentRun = z.infer<typeof parentRun>;

export const runInput = z.object({
  tenant: z.string(),
  workflow: z.string(),
  version: z.string(),
  hash: z.string(),
  input: z.custom<Json>((value) => value !== undefined),
  parent: parentRun.optional(),
});
export type RunInput = z.infer<typeof runInput>;
