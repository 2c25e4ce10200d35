// What operators do to runs: one route a verb; which run allows which is a table of the runs room.
import { z } from 'zod';
import { NODE_DECISIONS } from '../runs/index.ts';
import type { Actor, RunView } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { runView } from './run-shape.ts';
import { idParams, idempotencyHeaders, json } from './shapes.ts';

const tags = ['run control'];

const node = z.string().min(1).max(200).describe('As the run calls it: `<module>.<activity>`, an item `…[i]`.');
const reason = z.string().max(2_000).optional().describe('Kept with the run, for those who come after.');

export function runControlRoutes(app: App, { runs }: Services): void {
  verbRoute(app, {
    verb: 'cancel',
    summary: 'Cancel: nothing new starts, attempts in flight are aborted and count as unknown',
    body: z.strictObject({ compensate: z.boolean().default(true), reason }),
    perform: async (actor, id, body) => await runs.cancel(actor, id, body),
  });
  verbRoute(app, {
    verb: 'pause',
    summary: 'Pause: attempts in flight finish, nothing new starts, deadlines run on; decisions take effect on resume',
    body: z.strictObject({ reason }),
    perform: async (actor, id, body) => await runs.pause(actor, id, body),
  });
  verbRoute(app, {
    verb: 'resume',
    summary: 'Resume a run that is paused',
    body: z.strictObject({ reason }),
    perform: async (actor, id, body) => await runs.resume(actor, id, body),
  });
  verbRoute(app, {
    verb: 'release',
    summary: 'Let a stuck run go on where it stopped, once its cause is fixed',
    body: z.strictObject({ reason }),
    perform: async (actor, id, body) => await runs.release(actor, id, body),
  });
  decideRoute(app, runs);
  reopenRoutes(app, runs);
}

function decideRoute(app: App, runs: Services['runs']): void {
  verbRoute(app, {
    verb: 'decide',
    summary: 'Decide the failed node of a held run, or a compensation that failed',
    body: z.strictObject({
      node,
      decision: z.enum(NODE_DECISIONS, { error: `must be one of ${NODE_DECISIONS.join(', ')}` }),
      value: json.optional().describe('Of skip and done_by_hand: what the node came to.'),
      with: z.record(z.string(), json).optional().describe('Of retry: changes to its arguments, a JSON merge patch.'),
      reason,
    }),
    perform: async (actor, id, body) => await runs.decideNode(actor, id, body),
  });
}

function reopenRoutes(app: App, runs: Services['runs']): void {
  verbRoute(app, {
    verb: 'compensate',
    summary: 'Take back what a run that is over did and left',
    body: z.strictObject({ reason }),
    perform: async (actor, id, body) => await runs.compensate(actor, id, body),
  });
  verbRoute(app, {
    verb: 'rewind',
    summary: 'Take back a node of a run that is over and all that was built on it, and go on from there',
    body: z.strictObject({ node, reason }),
    perform: async (actor, id, body) => await runs.rewind(actor, id, body),
  });
  forkRoute(app, runs);
}

function forkRoute(app: App, runs: Services['runs']): void {
  const body = z.strictObject({ node, input: json.optional(), reason });
  app.post(
    '/v1/runs/:id/fork',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'A new run that goes on from a node, with the outcomes of what is not repeated',
        tags,
        params: idParams,
        headers: idempotencyHeaders,
        body,
        response: { 202: runView, ...problemResponse },
      },
    },
    async (request, reply) => {
      const idempotencyKey = request.headers['idempotency-key'];
      const asked = { ...request.body, idempotencyKey };
      return await reply.code(202).send(await runs.fork(actorOf(request), request.params.id, asked));
    },
  );
}

interface VerbRoute<Body extends z.ZodType> {
  readonly verb: string;
  readonly summary: string;
  readonly body: Body;
  readonly perform: (actor: Actor, id: string, body: z.output<Body>) => Promise<RunView>;
}

// 202: the run does it itself, as soon as it hears of it.
function verbRoute<Body extends z.ZodType>(app: App, { verb, summary, body, perform }: VerbRoute<Body>): void {
  app.post(
    `/v1/runs/:id/${verb}`,
    {
      config: { access: 'operator' },
      schema: { summary, tags, params: idParams, body, response: { 202: runView, ...problemResponse } },
    },
    async (request, reply) =>
      await reply.code(202).send(await perform(actorOf(request), request.params.id, body.parse(request.body))),
  );
}
