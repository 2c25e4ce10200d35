// The shapes that several resources take or give.
import { z } from 'zod';
import { parseDuration, type Json } from '../kernel/index.ts';
import { problemItem } from './problem.ts';

/** Any JSON. Bodies are JSON once parsed, and what unsafe JSON holds was refused before. */
export const json = z.custom<Json>((value) => value !== undefined, 'is required');

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Items a page, 1 to 200.'),
  cursor: z.string().max(512).optional().describe('`nextCursor` of the page before.'),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item).readonly(), nextCursor: z.string().optional() });
}

export const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .describe('ISO 8601 with a zone, such as 2026-01-31T12:00:00Z.');

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The same key with the same body is the same request.'),
});

export const startHeaders = idempotencyHeaders.extend({
  traceparent: z
    .string()
    .optional()
    .describe('Where in a trace the run belongs (W3C Trace Context); what is no such text is ignored.'),
});

export const idParams = z.object({ id: z.string().max(100) });

export const warnings = z.array(problemItem).readonly();

/** `30s` in a query, at most `maxMs`, as milliseconds. */
export function durationUpTo(maxMs: number, max: string) {
  return z
    .string()
    .transform((text) => parseDuration(text) ?? NaN)
    .refine((ms) => ms <= maxMs, `must be a duration such as 30s, at most ${max}`)
    .describe(`Such as 30s; at most ${max}.`);
}
