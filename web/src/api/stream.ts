// A stream of server-sent events that goes on where it was: after a lost connection, a restart of the app, a sleep of this machine.
import { ask } from './client.ts';
import { createEventReader, type ReceivedEvent } from './event-text.ts';
import { ApiProblem } from './problem.ts';

export interface Following {
  readonly path: string;
  /** All that one piece of the answer held. */
  readonly onEvents: (events: readonly ReceivedEvent[]) => void;
  /** Is it connected now? */
  readonly onState?: (isLive: boolean) => void;
  readonly signal: AbortSignal;
}

/** The server says something each 15 s; a connection that is silent for longer is dead, whatever it says of itself. */
const SILENCE_MS = 40_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** Done when the server has told all, or `signal` is aborted. Throws what no repeat will change: the refusal of a request. */
export async function followEvents({ path, onEvents, onState, signal }: Following): Promise<void> {
  let lastEventId: string | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const isOver = await readOnce(path, lastEventId, signal, (events) => {
        onState?.(true);
        pauseMs = FIRST_PAUSE_MS;
        lastEventId = events.findLast(({ id }) => id !== undefined)?.id ?? lastEventId;
        if (events.length > 0) onEvents(events);
      });
      if (isOver) return;
    } catch (error) {
      if (isFinal(error)) throw error;
    }
    if (signal.aborted) return;
    onState?.(false);
    await untilWorthTrying(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** True when nothing is left to tell. */
async function readOnce(
  path: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
  onPiece: (events: readonly ReceivedEvent[]) => void,
): Promise<boolean> {
  const silence = new AbortController();
  const response = await ask('GET', path, { signal: AbortSignal.any([signal, silence.signal]), lastEventId });
  if (response.status === 204 || !response.body) return true;
  const read = createEventReader();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      onPiece(read(piece));
    }
  } finally {
    clearTimeout(timer);
  }
  return false;
}

// Too many requests, or an app that is just starting, is no reason to give up.
function isFinal(error: unknown): boolean {
  return error instanceof ApiProblem && error.status < 500 && error.status !== 429;
}

/** After this time, or at once when the machine wakes or is connected again. */
async function untilWorthTrying(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms * (0.75 + Math.random() / 2));
  const onWake = (): void => {
    if (document.visibilityState === 'visible') resolve();
  };
  const leaving = new AbortController();
  for (const [target, name] of [
    [window, 'online'],
    [document, 'visibilitychange'],
  ] as const)
    target.addEventListener(name, onWake, { signal: leaving.signal });
  signal.addEventListener('abort', () => resolve(), { signal: leaving.signal });
  await promise;
  clearTimeout(timer);
  leaving.abort();
}
