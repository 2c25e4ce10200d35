// Approvals: what people are asked, and their decisions.
import { z } from 'zod';
import { APPROVAL_STATUSES, getApproval, listApprovals } from '../approvals/index.ts';
import { BreakwaterError } from '../kernel/index.ts';
import type { DecisionRequest } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { idParams, json, pageOf, pageQuery } from './shapes.ts';

const tags = ['approvals'];

const decisionRecord = z.object({
  decision: z.enum(['approve', 'reject']),
  by: z.string().nullable().describe('Null when the deadline decided.'),
  via: z.enum(['api', 'link', 'timeout']),
  reason: z.string().nullable(),
  edits: json,
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
    deadline: z.string(),
    editable: z.array(z.string()).readonly().describe('Ids of the nodes whose output may be edited.'),
    form: json.describe('JSON Schema of the form to fill in, or null.'),
    decisions: z.array(decisionRecord).readonly(),
  })
  .meta({ id: 'Approval' });

/** What every way of deciding may carry besides the decision. */
export const decisionDetails = z.strictObject({
  reason: z.string().max(4_000).optional(),
  edits: z.record(z.string(), json).optional().describe("Node id -> JSON merge patch on that node's output."),
  form: json.optional(),
});

const decisionBody = decisionDetails.extend({ decision: z.enum(['approve', 'reject', 'request_changes']) });

const listQuery = pageQuery.extend({
  status: z.enum(APPROVAL_STATUSES).optional(),
  mine: z.enum(['true', 'false', '']).optional().describe('Only what you are asked.'),
});

export function approvalRoutes(app: App, services: Services): void {
  readRoutes(app, services);
  decideRoute(app, services);
}

function readRoutes(app: App, { knex }: Services): void {
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
      return await listApprovals(knex, actor.tenant, { ...filter, ...asked });
    },
  );
  app.get(
    '/v1/approvals/:id',
    {
      config: { access: 'viewer' },
      schema: { summary: 'One approval', tags, params: idParams, response: { 200: approvalView, ...problemResponse } },
    },
    async (request) => await getApproval(knex, actorOf(request).tenant, request.params.id),
  );
}

function decideRoute(app: App, { runs, knex }: Services): void {
  app.post(
    '/v1/approvals/:id/decisions',
    {
      config: { access: 'approver' },
      schema: {
        summary: 'Decide: 200 the first time, 409 afterwards, 410 after the deadline',
        tags,
        params: idParams,
        body: decisionBody,
        response: { 200: approvalView, ...problemResponse },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { id } = request.params;
      await runs.decide(actor, id, supported(request.body), 'api');
      return await getApproval(knex, actor.tenant, id);
    },
  );
}

function supported({ decision, ...details }: z.output<typeof decisionBody>): DecisionRequest {
  if (decision === 'request_changes') {
    throw new BreakwaterError(
      'NOT_SUPPORTED_YET',
      'The decision request_changes is not supported yet; approve with edits, or reject.',
    );
  }
  return { decision, ...details };
}
