// A run that is paused: it says so once it has come to rest, and stays so until it is resumed or cancelled, however long that is.
import { currentRun, onWake } from '../durable/index.ts';
import { savePaused } from './control-store.ts';
import type { Control } from './control-store.ts';
import type { RunBase } from './environment.ts';
import { RUN_TOPIC } from './run-topic.ts';

/** Between two looks when nobody woke the run: a lost wake costs so much at most. */
const LOOK_MS = 5_000;

/** The gate must be closed; it is open again afterwards. */
export async function stayPaused(context: RunBase): Promise<void> {
  const { facts, gate, knex } = context;
  // Which pause was told: the run may be resumed and paused anew between two looks.
  let told: string | undefined;
  const look = async (control: Control | undefined): Promise<true | undefined> => {
    if (!control?.pause || control.cancel) return true;
    if (told === control.pause.at || !gate.isAtRest) return undefined;
    await savePaused(knex, facts.id, control.pause);
    told = control.pause.at;
    return undefined;
  };
  await untilAsked(context, look, (ring) => gate.onRest(ring));
  gate.open();
}

/**
 * Reads what is asked of the run until `look` finds in it what it waits for: at once, whenever the run is woken, now and then, and
 * when `bell` rings. Ends with the execution.
 */
export async function untilAsked<T>(
  { controls, facts }: Pick<RunBase, 'controls' | 'facts'>,
  look: (control: Control | undefined) => Promise<T | undefined>,
  bell: (ring: () => void) => () => void = () => () => undefined,
): Promise<T> {
  const { quiesce } = currentRun();
  let next = Promise.withResolvers<void>();
  const ring = (): void => next.resolve();
  const unhook = bell(ring);
  quiesce.addEventListener('abort', ring, { once: true });
  // Heard from before the first look on, so that nothing is asked between the two unheard.
  const unsubscribe = onWake(facts.id, RUN_TOPIC, ring);
  const poll = setInterval(ring, LOOK_MS);
  try {
    for (;;) {
      next = Promise.withResolvers<void>();
      quiesce.throwIfAborted();
      const found = await look(await controls.read(facts.id));
      if (found !== undefined) return found;
      await next.promise;
    }
  } finally {
    clearInterval(poll);
    unsubscribe();
    unhook();
    quiesce.removeEventListener('abort', ring);
  }
}
