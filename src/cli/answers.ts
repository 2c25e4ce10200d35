// The answers of our API that the CLI reads, as far as it shows them; `--json` prints them whole.
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';
import { RUN_STATUSES } from '../runs/index.ts';

const json = z.custom<Json>();

export const startedRun = z.looseObject({ id: z.string(), workflow: z.string(), version: z.string() });

export const run = z.looseObject({
  id: z.string(),
  workflow: z.string(),
  version: z.string(),
  status: z.enum(RUN_STATUSES),
  cause: z.string().optional(),
  progress: z.number(),
  phase: z.string().optional(),
  waiting: z.string().optional(),
  output: json.optional(),
  error: z
    .object({ code: z.string(), message: z.string(), node: z.string().optional(), remedy: z.string().optional() })
    .optional(),
  requester: z.string(),
  parent: z.object({ runId: z.string(), node: z.string() }).optional(),
  children: z.array(z.object({ node: z.string(), runId: z.string(), status: z.string() })).optional(),
  sandboxed: z.boolean(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
});
export type RunAnswer = z.infer<typeof run>;

export const approval = z.looseObject({
  id: z.string(),
  runId: z.string(),
  node: z.string(),
  status: z.string(),
  title: z.string(),
  approvers: z.array(z.string()),
  quorum: z.number(),
  approvals: z.number(),
  deadline: z.string(),
  decisions: z.array(
    z.object({ decision: z.string(), by: z.string().nullable(), at: z.string(), reason: z.string().nullable() }),
  ),
});
export type ApprovalAnswer = z.infer<typeof approval>;

export const breaker = z.looseObject({
  service: z.string(),
  state: z.string(),
  failures: z.number(),
  nextProbeAt: z.string().optional(),
  forced: z.object({ by: z.string(), reason: z.string(), until: z.string() }).optional(),
  transitions: z.array(z.object({ at: z.string(), why: z.string() })),
});
export type BreakerAnswer = z.infer<typeof breaker>;

export const definition = z.object({
  name: z.string(),
  version: z.string(),
  hash: z.string(),
  warnings: z.array(
    z.object({ path: z.string(), line: z.number().optional(), column: z.number().optional(), message: z.string() }),
  ),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() });
}
