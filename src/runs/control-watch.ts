// Tells running acts that an operator asked for something. Whoever asks wakes the run, and a wake makes this process look once;
// one query now and then for all watched runs finds what a lost wake would have told.
import type { Knex } from 'knex';
import { createGroup, onWake } from '../durable/index.ts';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { loadControls } from './control-store.ts';
import type { Control } from './control-store.ts';
import { RUN_TOPIC } from './run-topic.ts';

/** How long wakes gather, so that a wave of them is one query. */
const GATHER_MS = 20;
/** When a newly watched run is looked at that nobody has read since: what was asked before its watch woke nobody. */
const FIRST_LOOK_MS = 250;
const POLL_MS = 5_000;
/** A watched run that was read so recently, and not woken since, need not be read again before it acts. */
const FRESH_MS = 200;
/** Of the runs that one query reads. */
const READ_TOGETHER = { maxSize: 500, maxInFlight: 2 };

const NEVER = Number.NEGATIVE_INFINITY;

/** Undefined: nothing is asked any more. */
export type Notice = (control: Control | undefined) => void;

export interface ControlWatch {
  /**
   * Calls `notice` whenever something else is asked of the run, or nothing any more. Returns the end of the watch. A run that `isNew`
   * counts as read: nothing was asked when its row was inserted, and what was since then is found by the first look.
   */
  watch(runId: string, notice: Notice, isNew?: boolean): () => void;
  /** What is asked of a run that goes on acting: read now, unless it is watched and was read in the last {@link FRESH_MS}. */
  heed(runId: string): Promise<Control | undefined>;
  /** What is asked of the run now, read from the database. */
  read(runId: string): Promise<Control | undefined>;
  stop(): void;
}

interface Watched {
  readonly notices: Set<Notice>;
  /** What was asked when they were called last, as JSON. */
  told: string;
  readonly unsubscribe: () => void;
  /** When a reading began that found nothing asked; never, once it is woken. */
  readAtMs: number;
  /** Nobody has read it since its watch began: what was asked before woke nobody. */
  isUnheard: boolean;
  /** Or when the watch began. */
  wokenAtMs: number;
}

export function createControlWatch(knex: Knex, emit: Emit): ControlWatch {
  const watched = new Map<string, Watched>();

  const end = (runId: string): void => {
    watched.get(runId)?.unsubscribe();
    watched.delete(runId);
  };
  const tell = (runId: string, control: Control | undefined): void => {
    const entry = watched.get(runId);
    const said = toldOf(control);
    if (!entry || entry.told === said) return;
    entry.told = said;
    for (const notice of entry.notices) notice(control);
  };
  const look = async (runIds: Iterable<string>): Promise<void> => {
    try {
      const asked = [...runIds].filter((runId) => watched.has(runId));
      const controls = await loadControls(knex, asked);
      for (const runId of asked) tell(runId, controls.get(runId));
    } catch (error) {
      emit({ level: 'warn', name: 'controls.read_failed', fields: { error: messageOf(error) } });
    }
  };
  const woken = gather(GATHER_MS, look);
  const begun = gather(
    FIRST_LOOK_MS,
    async (runIds) => await look([...runIds].filter((runId) => watched.get(runId)?.isUnheard)),
  );
  const reads = createGroup<string, Control | undefined>({
    ...READ_TOGETHER,
    keyOf: (runId) => runId,
    twins: 'share',
    send: async (runIds) => {
      const controls = await loadControls(knex, runIds);
      return runIds.map((runId) => controls.get(runId));
    },
  });
  const read = async (runId: string): Promise<Control | undefined> => {
    const startedAtMs = performance.now();
    const control = await reads.add(runId);
    const entry = watched.get(runId);
    if (entry && !control && entry.wokenAtMs < startedAtMs) {
      entry.readAtMs = startedAtMs;
      entry.isUnheard = false;
    }
    return control;
  };
  const poll = setInterval(() => void look(watched.keys()), POLL_MS);
  poll.unref();

  const begin = (runId: string, isNew: boolean): Watched => {
    const unsubscribe = onWake(runId, RUN_TOPIC, () => {
      entry.wokenAtMs = performance.now();
      entry.readAtMs = NEVER;
      woken.add(runId);
    });
    const entry: Watched = {
      notices: new Set(),
      told: toldOf(undefined),
      unsubscribe,
      readAtMs: isNew ? performance.now() : NEVER,
      isUnheard: true,
      wokenAtMs: performance.now(),
    };
    watched.set(runId, entry);
    begun.add(runId);
    return entry;
  };

  return {
    watch(runId, notice, isNew = false) {
      const entry = watched.get(runId) ?? begin(runId, isNew);
      entry.notices.add(notice);
      return () => {
        entry.notices.delete(notice);
        if (entry.notices.size === 0 && watched.get(runId) === entry) end(runId);
      };
    },
    async heed(runId) {
      const readAtMs = watched.get(runId)?.readAtMs ?? NEVER;
      return performance.now() - readAtMs < FRESH_MS ? undefined : await read(runId);
    },
    read,
    stop() {
      clearInterval(poll);
      for (const each of [woken, begun]) each.stop();
    },
  };
}

function toldOf(control: Control | undefined): string {
  return JSON.stringify(control ?? null);
}

/** Collects runs until `afterMs` after the first, then looks at all of them. */
function gather(afterMs: number, look: (runIds: Iterable<string>) => Promise<void>) {
  let runIds = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const leave = (): void => {
    const gathered = runIds;
    runIds = new Set();
    timer = undefined;
    void look(gathered);
  };
  return {
    add(runId: string): void {
      runIds.add(runId);
      timer ??= setTimeout(leave, afterMs);
    },
    stop: (): void => clearTimeout(timer),
  };
}
