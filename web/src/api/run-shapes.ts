// What the API tells of one run: its graph, its facts, where its time went, what it changed outside.
import * as z from 'zod/mini';
import { json } from './shapes.ts';

const graphNode = z.object({
  id: z.string(),
  module: z.string(),
  kind: z.enum(['activity', 'approval', 'wait', 'workflow']),
  dependsOn: z.array(z.string()),
  wave: z.number(),
  optional: z.boolean(),
  does: z.optional(z.string()),
  isList: z.boolean(),
  takenBackBy: z.optional(z.string()),
});
export type GraphNode = z.infer<typeof graphNode>;

export const runGraph = z.object({
  isCoded: z.boolean(),
  nodes: z.array(graphNode),
  modules: z.array(z.object({ id: z.string(), type: z.string(), optional: z.boolean() })),
  compensationOrder: z.enum(['reverse_graph', 'lifo']),
});
export type RunGraph = z.infer<typeof runGraph>;

export const fact = z.object({
  id: z.string(),
  at: z.string(),
  kind: z.string(),
  node: z.optional(z.string()),
  item: z.optional(z.number()),
  attempt: z.optional(z.number()),
  key: z.optional(z.string()),
  input: z.optional(json),
  output: z.optional(json),
  error: z.optional(z.object({ code: z.string(), message: z.string(), unknown: z.optional(z.boolean()) })),
  executor: z.optional(z.string()),
  by: z.optional(z.string()),
  data: z.optional(z.record(z.string(), json)),
});
export type Fact = z.infer<typeof fact>;

export const timeline = z.object({
  nodes: z.array(z.object({ id: z.string(), slackMs: z.optional(z.number()), critical: z.boolean() })),
  criticalPath: z.array(z.string()),
  wallMs: z.number(),
  criticalMs: z.number(),
});
export type Timeline = z.infer<typeof timeline>;

export const effect = z.object({
  node: z.string(),
  item: z.optional(z.number()),
  key: z.optional(z.string()),
  tool: z.optional(z.string()),
  action: z.optional(z.string()),
  externalId: z.optional(z.string()),
  state: z.enum(['intended', 'done', 'failed', 'unknown', 'compensated', 'compensation_failed']),
  stands: z.boolean(),
  takenBackBy: z.optional(z.string()),
  probed: z.optional(z.string()),
  errorCode: z.optional(z.string()),
  undoErrorCode: z.optional(z.string()),
});
export type Effect = z.infer<typeof effect>;
