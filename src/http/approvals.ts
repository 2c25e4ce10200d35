// Approvals: what people are asked, and their decisions.
import { z } from 'zod';
import {
  ANSWER_WAYS,
  APPROVAL_STATUSES,
  DECISIONS,
  getApproval,
  getContent,
  listApprovals,
  reassignApproval,
  takeBackApproval,
} from '../approvals/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { idParams, json, pageOf, pageQuery } from './shapes.ts';

const tags = ['approvals'];

const decisionRecord = z.object({
  decision: z.enum(DECISIONS),
  by: z.string().nullable().describe('Null when the deadline decided.'),
  via: z.enum([...ANSWER_WAYS, 'timeout']),
  reason: z.string().nullable(),
  edits: json.describe('Of an approval: all edits as they stood with it.'),
  form: json,
  at: z.string(),
});

export const approvalView = z
  .object({
    id: z.string(),
    runId: z.string(),
    node: z.string(),
    status: z.enum(APPROVAL_STATUSES),
    title: z.string(),
    body: z.string().nullable(),
    approvers: z.array(z.string()).readonly(),
    quorum: z.int().describe('Approvals needed.'),
    approvals: z.int().describe('Approvals given.'),
    changes: z
      .object({ to: z.string().nullable(), max: z.int().nullable(), made: z.int() })
      .nullable()
      .describe(
        'Where a request for changes sends the run back to, and how often it may; null: nobody may request any.',
      ),
    deadline: z.string(),
    onTimeout: z.enum(['reject', 'approve', 'ask']).describe('What silence means; ask: an operator decides.'),
    requester: z.string().describe('Who started the run.'),
    editable: z.array(z.string()).readonly().describe('Ids of the nodes whose output may be edited.'),
    form: json.describe('JSON Schema of the form to fill in, or null.'),
    decisions: z.array(decisionRecord).readonly(),
  })
  .meta({ id: 'Approval' });

const content = z
  .object({
    items: z
      .array(z.object({ node: z.string(), output: json }))
      .readonly()
      .describe('What may be edited, as edits so far left it.'),
  })
  .meta({ id: 'ApprovalContent' });

/** What every way of deciding may carry besides the decision. */
export const decisionDetails = z.strictObject({
  reason: z.string().max(4_000).optional(),
  edits: z.record(z.string(), json).optional().describe("Node id -> JSON merge patch on that node's output."),
  form: json.optional(),
});

const decisionBody = decisionDetails.extend({ decision: z.enum(DECISIONS) });

const reason = z.string().max(4_000).optional();
const withdrawBody = z.strictObject({ reason });
const reassignBody = z.strictObject({
  approvers: z
    .array(z.string().max(205))
    .max(100)
    .describe('role:<name> or user:<name>, instead of those who were asked.'),
  reason,
});

const listQuery = pageQuery.extend({
  status: z.enum(APPROVAL_STATUSES).optional(),
  mine: z.enum(['true', 'false', '']).optional().describe('Only what you are asked.'),
});

export function approvalRoutes(app: App, services: Services): void {
  readRoutes(app, services);
  contentRoute(app, services);
  decideRoute(app, services);
  withdrawRoute(app, services);
  reassignRoute(app, services);
}

function readRoutes(app: App, { knexOf }: Services): void {
  app.get(
    '/v1/approvals',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'List approvals, newest first',
        tags,
        querystring: listQuery,
        response: { 200: pageOf(approvalView), ...problemResponse },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { mine, ...filter } = request.query;
      const asked = mine === undefined || mine === 'false' ? {} : { mine: actor };
      return await listApprovals(knexOf(actor.tenant), actor.tenant, { ...filter, ...asked });
    },
  );
  app.get(
    '/v1/approvals/:id',
    {
      config: { access: 'viewer' },
      schema: { summary: 'One approval', tags, params: idParams, response: { 200: approvalView, ...problemResponse } },
    },
    async (request) => {
      const { tenant } = actorOf(request);
      return await getApproval(knexOf(tenant), tenant, request.params.id);
    },
  );
}

function contentRoute(app: App, { knexOf }: Services): void {
  app.get(
    '/v1/approvals/:id/content',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What may be edited before it is approved',
        tags,
        params: idParams,
        response: { 200: content, ...problemResponse },
      },
    },
    async (request) => {
      const { tenant } = actorOf(request);
      return { items: await getContent(knexOf(tenant), tenant, request.params.id) };
    },
  );
}

function decideRoute(app: App, { runs, knexOf }: Services): void {
  app.post(
    '/v1/approvals/:id/decisions',
    {
      config: { access: 'approver' },
      schema: {
        summary: 'Decide: 200 the first time, or for each approval of a quorum; 409 afterwards, 410 after the deadline',
        tags,
        params: idParams,
        body: decisionBody,
        response: { 200: approvalView, ...problemResponse },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { id } = request.params;
      await runs.decide(actor, id, request.body, 'api');
      return await getApproval(knexOf(actor.tenant), actor.tenant, id);
    },
  );
}

function withdrawRoute(app: App, { knexOf }: Services): void {
  app.post(
    '/v1/approvals/:id/withdraw',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Take the question back: its node fails with APPROVAL_WITHDRAWN',
        tags,
        params: idParams,
        body: withdrawBody,
        response: { 200: approvalView, ...problemResponse },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { id } = request.params;
      await takeBackApproval(knexOf(actor.tenant), { actor, approvalId: id, ...request.body });
      return await getApproval(knexOf(actor.tenant), actor.tenant, id);
    },
  );
}

// Whoever is asked may ask others; of whom that is so, only the approval knows.
function reassignRoute(app: App, { knexOf }: Services): void {
  app.post(
    '/v1/approvals/:id/reassign',
    {
      config: { access: ['approver', 'operator'] },
      schema: {
        summary: 'Ask others instead; for operators, and for those who are asked',
        tags,
        params: idParams,
        body: reassignBody,
        response: { 200: approvalView, ...problemResponse },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { id } = request.params;
      await reassignApproval(knexOf(actor.tenant), { actor, approvalId: id, ...request.body });
      return await getApproval(knexOf(actor.tenant), actor.tenant, id);
    },
  );
}
