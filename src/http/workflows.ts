// The original names of a run's progress and signals; behind them is the one way of deciding.
import { getApproval, listApprovals, type ApprovalView } from '../approvals/index.ts';
import type { Knex } from 'knex';
import { z } from 'zod';
import { BreakwaterError, type Json } from '../kernel/index.ts';
import type { App, Services } from './app-context.ts';
import { approvalView, decisionDetails } from './approvals.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { runProgress } from './run-shape.ts';
import { idParams, json } from './shapes.ts';

const tags = ['workflows'];

export function workflowRoutes(app: App, services: Services): void {
  app.get(
    '/v1/workflows/:id/progress',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'How far a run is',
        tags,
        params: idParams,
        response: { 200: runProgress, ...problemResponse },
      },
    },
    async (request) => await services.runs.progress(actorOf(request).tenant, request.params.id),
  );
  signalRoute(app, services, 'approve');
  signalRoute(app, services, 'reject');
  updateContentRoute(app, services);
}

const contentUpdate = z.strictObject({
  content_id: z
    .string()
    .min(1)
    .max(200)
    .describe('A member of the content under review, such as email_body, or the id of an editable node.'),
  new_content: json.describe('What it becomes; an object is merged into what is there.'),
});

// The content changes, nothing is decided: what is written ships with the approval that follows.
function updateContentRoute(app: App, { runs, knexOf }: Services): void {
  app.post(
    '/v1/workflows/:id/signals/update_content',
    {
      config: { access: 'approver' },
      schema: {
        summary: 'Edit the content of the one approval that is pending',
        tags,
        params: idParams,
        body: contentUpdate,
        response: { 200: approvalView, ...problemResponse },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const knex = knexOf(actor.tenant);
      const approval = await onlyPending(runs, knex, actor.tenant, request.params.id);
      await runs.amend(actor, approval.id, editsOf(approval, request.body));
      return await getApproval(knex, actor.tenant, approval.id);
    },
  );
}

function editsOf({ editable }: ApprovalView, update: z.output<typeof contentUpdate>): Record<string, Json> {
  const { content_id: contentId, new_content: content } = update;
  if (editable.includes(contentId)) return { [contentId]: content };
  const [node, another] = editable;
  if (node !== undefined && another === undefined) return { [node]: { [contentId]: content } };
  const choice = editable.length > 0 ? `; name one of ${editable.join(', ')}` : '';
  throw new BreakwaterError('INVALID', `"${contentId}" is not content of this approval${choice}.`, {
    problems: [{ path: '/content_id', message: 'is no editable node' }],
  });
}

function signalRoute(app: App, { runs, knexOf }: Services, decision: 'approve' | 'reject'): void {
  app.post(
    `/v1/workflows/:id/signals/${decision}`,
    {
      config: { access: 'approver' },
      schema: {
        summary: `Decide the one approval that is pending: ${decision}`,
        tags,
        params: idParams,
        body: decisionDetails,
        response: { 200: approvalView, ...problemResponse },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const knex = knexOf(actor.tenant);
      const { id } = await onlyPending(runs, knex, actor.tenant, request.params.id);
      await runs.decide(actor, id, { decision, ...request.body }, 'api');
      return await getApproval(knex, actor.tenant, id);
    },
  );
}

async function onlyPending(runs: Services['runs'], knex: Knex, tenant: string, runId: string): Promise<ApprovalView> {
  const run = await runs.get(tenant, runId);
  const { items } = await listApprovals(knex, tenant, { runId, status: 'pending', limit: 2 });
  const [only, another] = items;
  if (only && !another) return only;
  const count = only
    ? 'several approvals are pending; decide one at /v1/approvals/{id}/decisions'
    : 'no approval is pending';
  throw new BreakwaterError('CONFLICT', `The run ${runId} is ${run.status} and ${count}.`);
}
