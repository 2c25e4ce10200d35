// What changes for a tenant as it happens, for lists that draw themselves anew: server-sent events that can be gone on with.
import { z } from 'zod';
import { createNews } from '../runs/index.ts';
import type { ToldNews } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { streamEvents } from './event-stream.ts';
import type { StreamedEvent } from './event-stream.ts';
import { problemResponse } from './problem.ts';
import { createStreamPlaces } from './stream-places.ts';

const resumeHeaders = z.object({
  'last-event-id': z.string().max(4_000).optional().describe('The id of the event had last.'),
});

const stream = {
  description:
    'Events, each named after what happened, with ids and states as its data: run.changed, approval.opened, control.cancel, breaker.changed, definition.published … ' +
    '`ready` once what was missed is told; `reset` when more happened than is told one by one: lists are to be read again.',
  content: { 'text/event-stream': { schema: z.string() } },
};

export function newsRoutes(app: App, { knex, closing, emit }: Services): void {
  const news = createNews({ knex, emit });
  void closing.then(() => news.close());
  const places = createStreamPlaces();
  app.get(
    '/v1/events',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What changes, from now on or from where the client stopped',
        tags: ['history'],
        headers: resumeHeaders,
        response: { 200: stream, ...problemResponse },
      },
    },
    async (request, reply) => {
      const { tenant, user } = actorOf(request);
      const leave = places.take(`${tenant} ${user}`);
      const leaving = new AbortController();
      void closing.then(() => leaving.abort());
      try {
        const told = news.follow(tenant, request.headers['last-event-id'], leaving.signal);
        const first = await told.next();
        if (!first.done) await streamEvents(reply, eventsFrom(first.value, told), leaving);
      } catch (error) {
        if (!reply.sent) throw error;
        // The client comes again where it was; what went wrong is for the log.
        emit({ level: 'warn', name: 'http.stream_failed', fields: { requestId: request.id, error } });
      } finally {
        leave();
      }
      return await reply;
    },
  );
}

async function* eventsFrom(first: ToldNews, rest: AsyncIterable<ToldNews>): AsyncGenerator<readonly StreamedEvent[]> {
  yield eventsOf(first, [{ name: 'ready', data: {} }]);
  for await (const told of rest) yield eventsOf(told);
}

// Only the last one says where to go on: who is cut off between them gets all of them again.
function eventsOf({ position, items, isTooMuch }: ToldNews, after: readonly StreamedEvent[] = []): StreamedEvent[] {
  const told = items.map((item) => ({ name: item.kind, data: item }));
  const reset = isTooMuch ? [{ name: 'reset', data: {} }] : [];
  const events = [...told, ...reset, ...after];
  return events.map((event, index) => (index === events.length - 1 ? { ...event, id: position } : event));
}
