// What the API tells of questions, definitions, breakers, executors, leaks and the audit, as far as the dashboard reads it.
import * as z from 'zod/mini';
import { runGraph } from './run-shapes.ts';
import { json } from './shapes.ts';

export const approval = z.object({
  id: z.string(),
  runId: z.string(),
  node: z.string(),
  status: z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn']),
  title: z.string(),
  body: z.nullable(z.string()),
  approvers: z.array(z.string()),
  quorum: z.number(),
  approvals: z.number(),
  changes: z.nullable(z.object({ to: z.nullable(z.string()), max: z.nullable(z.number()), made: z.number() })),
  deadline: z.string(),
  onTimeout: z.enum(['reject', 'approve', 'ask']),
  requester: z.string(),
  editable: z.array(z.string()),
  form: json,
  decisions: z.array(
    z.object({
      decision: z.enum(['approve', 'reject', 'request_changes']),
      by: z.nullable(z.string()),
      via: z.string(),
      reason: z.nullable(z.string()),
      edits: json,
      form: json,
      at: z.string(),
    }),
  ),
});
export type Approval = z.infer<typeof approval>;

export const approvalContent = z.object({ items: z.array(z.object({ node: z.string(), output: json })) });

export const definition = z.object({
  name: z.string(),
  version: z.string(),
  hash: z.string(),
  title: z.string(),
  kind: z.enum(['yaml', 'coded']),
  createdAt: z.string(),
});
export type Definition = z.infer<typeof definition>;

export const definitionSource = z.extend(definition, {
  source: z.nullable(z.string()),
  inputSchema: json,
  graph: runGraph,
});
export type DefinitionSource = z.infer<typeof definitionSource>;

export const definitionWithVersions = z.extend(definitionSource, { versions: z.array(definition) });

export const startedRun = z.object({ id: z.string() });

const call = z.object({ tool: z.string(), action: z.string(), arguments: json });

const plannedNode = z.object({
  id: z.string(),
  kind: z.string(),
  when: z.optional(json),
  call: z.optional(call),
  items: z.optional(json),
  compensation: z.optional(json),
  asks: z.optional(
    z.object({
      title: json,
      approvers: json,
      quorum: z.number(),
      timeout: z.string(),
      onTimeout: z.string(),
      tells: z.array(z.object({ after: z.optional(z.string()), tool: z.string(), to: json, asks: z.optional(json) })),
    }),
  ),
});
export type PlannedNode = z.infer<typeof plannedNode>;

export const plan = z.object({
  waves: z.array(z.array(plannedNode)),
  compensation: z.array(z.array(z.object({ undoes: z.string() }))),
  criticalPath: z.object({ nodes: z.array(z.string()), longest: z.string() }),
  missingCredentials: z.array(z.string()),
  missingSecrets: z.array(z.object({ name: z.string(), node: z.string(), why: z.string() })),
  breakers: z.array(z.object({ service: z.string(), state: z.string() })),
  channels: z.array(z.object({ tool: z.string(), state: z.enum(['configured', 'sandboxed', 'missing']) })),
  sandboxed: z.boolean(),
});
export type Plan = z.infer<typeof plan>;

const breakerState = z.enum(['closed', 'open', 'half_open']);
export const breaker = z.object({
  service: z.string(),
  shared: z.boolean(),
  state: breakerState,
  failures: z.number(),
  openedAt: z.optional(z.string()),
  nextProbeAt: z.optional(z.string()),
  forced: z.optional(z.object({ by: z.string(), reason: z.string(), until: z.string() })),
  transitions: z.array(
    z.object({ from: breakerState, to: breakerState, at: z.string(), why: z.string(), by: z.optional(z.string()) }),
  ),
});
export type Breaker = z.infer<typeof breaker>;

export const executor = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  role: z.string(),
  version: z.string(),
  startedAt: z.string(),
  lease: z.object({ renewedAt: z.string(), expiresAt: z.string() }),
  running: z.number(),
  slots: z.object({ used: z.number(), queued: z.number(), capacity: z.number() }),
  clockSkewMs: z.number(),
});
export type Executor = z.infer<typeof executor>;

export const leak = z.object({
  runId: z.string(),
  workflow: z.string(),
  node: z.string(),
  item: z.optional(z.number()),
  tool: z.optional(z.string()),
  action: z.optional(z.string()),
  externalId: z.optional(z.string()),
  why: z.string(),
  runFinishedAt: z.string(),
});
export type Leak = z.infer<typeof leak>;

export const trace = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  data: z.record(z.string(), json),
});
export type Trace = z.infer<typeof trace>;
