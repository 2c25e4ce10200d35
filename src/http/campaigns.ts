// Campaigns: runs of the workflow `marketing-campaign` under the name their users know.
import { BreakwaterError } from '../kernel/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { campaignView } from './campaign-result.ts';
import { problemResponse } from './problem.ts';
import { runView, startedRun } from './run-shape.ts';
import { waitQuery } from './runs.ts';
import { idParams, startHeaders, json } from './shapes.ts';
import { readRun } from './wait.ts';

const WORKFLOW = 'marketing-campaign';
const tags = ['campaigns'];

export function campaignRoutes(app: App, services: Services): void {
  app.post(
    '/v1/campaigns',
    {
      config: { access: 'starter' },
      schema: {
        summary: 'Start a campaign; the body is its input',
        tags,
        headers: startHeaders,
        body: json,
        response: { 202: startedRun, ...problemResponse },
      },
    },
    async (request, reply) => {
      const { 'idempotency-key': idempotencyKey, traceparent } = request.headers;
      const { run } = await services.runs.start(actorOf(request), {
        workflow: WORKFLOW,
        input: request.body,
        idempotencyKey,
        traceparent,
      });
      return await reply.code(202).header('location', `/v1/campaigns/${run.id}`).send(run);
    },
  );
  app.get(
    '/v1/campaigns/:id',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'One campaign',
        tags,
        params: idParams,
        querystring: waitQuery,
        response: { 200: runView, ...problemResponse },
      },
    },
    async (request) => {
      const { tenant } = actorOf(request);
      const { id } = request.params;
      const { workflow } = await services.runs.get(tenant, id);
      if (workflow !== WORKFLOW)
        throw new BreakwaterError('NOT_FOUND', `No campaign "${id}"; it is a run of ${workflow}.`);
      return campaignView(await readRun(services, tenant, id, request.query.wait));
    },
  );
}
