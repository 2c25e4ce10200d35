// One verb for all runs of a list: what it would do, and how far it is.
import * as z from 'zod/mini';

export const runCount = z.object({ count: z.number(), more: z.boolean() });

export const bulkPreview = z.object({
  count: z.number(),
  accepted: z.number(),
  unchanged: z.number(),
  refused: z.array(z.object({ reason: z.string(), count: z.number() })),
});
export type BulkPreview = z.infer<typeof bulkPreview>;

export const bulkProgress = z.object({
  id: z.string(),
  count: z.number(),
  done: z.number(),
  unchanged: z.number(),
  refused: z.number(),
  left: z.number(),
  refusals: z.array(z.object({ runId: z.string(), reason: z.string() })),
  finishedAt: z.optional(z.string()),
});
export type BulkProgress = z.infer<typeof bulkProgress>;
