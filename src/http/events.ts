// A run's history as it happens, as server-sent events that can be gone on with from any of them.
import { z } from 'zod';
import type { RunHistory, ToldFact } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { streamEvents } from './event-stream.ts';
import type { StreamedEvent } from './event-stream.ts';
import { problemResponse } from './problem.ts';
import { idParams } from './shapes.ts';
import { createStreamPlaces } from './stream-places.ts';

const resumeHeaders = z.object({
  'last-event-id': z
    .string()
    .max(4_000)
    .optional()
    .describe('The id of the event had last, or of any fact of the history.'),
});

const stream = {
  description:
    'Events, each named after the kind of its fact, with the fact as its data. Ends after the last fact of a run that is over.',
  content: { 'text/event-stream': { schema: z.string() } },
};

export function eventRoute(app: App, { closing, emit }: Services, history: RunHistory): void {
  const places = createStreamPlaces();
  app.get(
    '/v1/runs/:id/events',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What happens in the run, from its start or from where the client stopped',
        tags: ['history'],
        params: idParams,
        headers: resumeHeaders,
        response: { 200: stream, 204: z.null().describe('It is over, and all of it was told.'), ...problemResponse },
      },
    },
    async (request, reply) => {
      const { tenant, user } = actorOf(request);
      const leave = places.take(`${tenant} ${user}`);
      const leaving = new AbortController();
      void closing.then(() => leaving.abort());
      try {
        const from = request.headers['last-event-id'];
        const facts = history.follow({ tenant, runId: request.params.id, from, signal: leaving.signal });
        const first = await facts.next();
        if (first.done) return await reply.code(204).send(null);
        await streamEvents(reply, toldFrom(first.value, facts), leaving);
      } catch (error) {
        if (!reply.sent) throw error;
        // The client comes again where it was; what went wrong is for the log.
        emit({
          level: 'warn',
          name: 'http.stream_failed',
          fields: { run: request.params.id, requestId: request.id, error },
        });
      } finally {
        leave();
      }
      return await reply;
    },
  );
}

async function* toldFrom(
  first: readonly ToldFact[],
  rest: AsyncIterable<readonly ToldFact[]>,
): AsyncGenerator<readonly StreamedEvent[]> {
  yield first.map(eventOf);
  for await (const facts of rest) yield facts.map(eventOf);
}

function eventOf({ position, fact }: ToldFact): StreamedEvent {
  return { id: position, name: fact.kind, data: fact };
}
