// What operators do to runs: one route a verb; which run allows which is a table of the runs room.
import { z } from 'zod';
import type { Actor, RunView } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { problemResponse } from './problem.ts';
import { runView } from './run-shape.ts';
import { idParams } from './shapes.ts';

const tags = ['run control'];

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
