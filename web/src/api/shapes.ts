// What the API answers, as far as the dashboard reads it. What an answer has besides is left out.
import * as z from 'zod/mini';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export const json = z.custom<Json>((value) => value !== undefined);

export function pageOf<Item extends z.ZodMiniType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.optional(z.string()) });
}

export const me = z.object({ user: z.string(), tenant: z.string(), roles: z.array(z.string()) });
export type Me = z.infer<typeof me>;

export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'paused',
  'held',
  'stuck',
  'compensating',
  'succeeded',
  'failed',
  'compensated',
  'rejected',
  'cancelled',
  'compensation_failed',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

const runStatus = z.enum(RUN_STATUSES);

const failure = z.object({ code: z.string(), message: z.string(), unknown: z.optional(z.boolean()) });

const compensation = z.object({
  total: z.number(),
  compensated: z.number(),
  failed: z.number(),
  failures: z.array(z.object({ node: z.string(), error: failure })),
  standing: z.optional(z.array(z.string())),
});

export const run = z.object({
  id: z.string(),
  workflow: z.string(),
  version: z.string(),
  hash: z.string(),
  status: runStatus,
  cause: z.optional(z.string()),
  input: json,
  output: z.optional(json),
  error: z.optional(
    z.object({
      code: z.string(),
      message: z.string(),
      node: z.optional(z.string()),
      remedy: z.optional(z.string()),
    }),
  ),
  progress: z.number(),
  phase: z.optional(z.string()),
  waiting: z.optional(z.string()),
  compensation: z.optional(compensation),
  attempts: z.number(),
  executor: z.optional(z.string()),
  sandboxed: z.boolean(),
  priority: z.string(),
  labels: z.record(z.string(), z.string()),
  requester: z.string(),
  traceId: z.optional(z.string()),
  parent: z.optional(z.object({ runId: z.string(), node: z.string() })),
  children: z.optional(z.array(z.object({ node: z.string(), runId: z.string(), status: runStatus }))),
  createdAt: z.string(),
  startedAt: z.string(),
  finishedAt: z.optional(z.string()),
});
export type Run = z.infer<typeof run>;

export const failureGroup = z.object({
  count: z.number(),
  workflow: z.string(),
  node: z.optional(z.string()),
  code: z.string(),
  firstAt: z.string(),
  lastAt: z.string(),
  runs: z.array(z.string()),
  message: z.string(),
  summary: z.string(),
});
export type FailureGroup = z.infer<typeof failureGroup>;
