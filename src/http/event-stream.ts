// Server-sent events on one answer: written as fast as the client takes them, kept open by a comment now and then, and cut off when it does not.
import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

export interface StreamedEvent {
  /** Where a client that comes again goes on. */
  readonly id?: string;
  readonly name: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

const HEARTBEAT_MS = 15_000;
/** How long a client may leave what was sent to it. */
const DRAIN_MS = 10_000;
/** When a client that lost its connection should come again. */
const RETRY_MS = 2_000;

/** Takes the answer over; done when `batches` are, or when `leaving` is aborted, as it is once the client has gone. */
export async function streamEvents(
  reply: FastifyReply,
  batches: AsyncIterable<readonly StreamedEvent[]>,
  leaving: AbortController,
): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.on('close', () => leaving.abort());
  // A connection that breaks off also closes: that is all there is to know.
  raw.on('error', () => leaving.abort());
  // It may have gone while the first events were looked for.
  if (raw.destroyed) leaving.abort();
  raw.writeHead(200, {
    ...headersOf(reply),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
  const heartbeat = setInterval(() => raw.write(':\n\n'), HEARTBEAT_MS);
  try {
    raw.write(`retry: ${RETRY_MS}\n\n`);
    for await (const events of batches) {
      for (const event of events) if (!(await send(raw, event, leaving.signal))) return;
    }
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}

function headersOf(reply: FastifyReply): Record<string, string> {
  const headers = Object.entries(reply.getHeaders());
  return Object.fromEntries(headers.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

// Never more than one event waits for a client: one that leaves it lying for too long is cut off, and comes again where it was.
async function send(raw: ServerResponse, event: StreamedEvent, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  if (raw.write(textOf(event))) return true;
  try {
    await once(raw, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(DRAIN_MS)]) });
    return true;
  } catch {
    raw.destroy();
    return false;
  }
}

// JSON has no line breaks, so that one line holds it.
function textOf({ id, name, data }: StreamedEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
