// Runs as the API shows them, under whichever name they are asked for.
import { z } from 'zod';
import type { NodeStatus } from '../definitions/index.ts';
import { RUN_STATUSES } from '../runs/index.ts';
import { json } from './shapes.ts';

const NODE_STATUSES = [
  'pending',
  'waiting',
  'executing',
  'completed',
  'failed',
  'skipped',
  'unknown',
  'inherited',
  'compensating',
  'compensated',
  'compensation_failed',
] as const satisfies readonly NodeStatus[];

export const priority = z.enum(['low', 'normal', 'high', 'critical']);
export const runStatus = z.enum(RUN_STATUSES);
export const labels = z.record(z.string().min(1).max(100), z.string().max(200)).readonly();

const failure = z.object({
  code: z.string(),
  message: z.string(),
  kind: z.enum(['ours', 'theirs', 'rate_limit', 'timeout', 'cancelled', 'refused']),
  retryable: z.boolean(),
  unknown: z.boolean(),
  retryAfterMs: z.number().optional(),
});

const compensation = z
  .object({
    total: z.int(),
    compensated: z.int(),
    failed: z.int(),
    failures: z.array(z.object({ node: z.string(), error: failure })).readonly(),
    standing: z.array(z.string()).readonly().default([]).describe('Acts that nothing takes back.'),
  })
  .describe('What became of the acts with an effect.');

export const startedRun = z
  .object({ id: z.string(), workflow: z.string(), version: z.string(), hash: z.string(), status: runStatus })
  .meta({ id: 'StartedRun' });

export const runView = startedRun
  .extend({
    tenant: z.string(),
    cause: z.enum(['failure', 'rejection', 'cancel', 'timeout']).optional(),
    input: json,
    output: json.optional(),
    error: z
      .object({ code: z.string(), message: z.string(), node: z.string().optional(), remedy: z.string().optional() })
      .optional(),
    progress: z.number(),
    phase: z.string().optional(),
    waiting: z.string().optional().describe('Why it does not move, in words.'),
    compensation: compensation.optional(),
    attempts: z.int(),
    executor: z.string().optional(),
    sandboxed: z.boolean(),
    priority,
    labels,
    requester: z.string(),
    traceId: z.string().describe('Its trace, where traces are sent anywhere.'),
    parent: z
      .object({ runId: z.string(), node: z.string() })
      .optional()
      .describe('The run that began this one, and for which of its nodes.'),
    children: z
      .array(z.object({ node: z.string(), runId: z.string(), status: runStatus }))
      .readonly()
      .optional()
      .describe('The runs that it began.'),
    createdAt: z.string(),
    startedAt: z.string(),
    finishedAt: z.string().optional(),
  })
  .meta({ id: 'Run' });

export const runProgress = z
  .object({
    percentage: z.number(),
    phase: z.string().nullable(),
    startedAt: z.string(),
    elapsedSeconds: z.number(),
    modules: z
      .array(
        z.object({
          id: z.string(),
          status: z.enum(NODE_STATUSES),
          startedAt: z.string().optional(),
          finishedAt: z.string().optional(),
        }),
      )
      .readonly(),
    approvalReceived: z.boolean(),
  })
  .meta({ id: 'RunProgress' });
