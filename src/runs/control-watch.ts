// Tells running acts that an operator asked for something. Whoever asks wakes the run, and a wake makes this process look once;
// one query now and then for all watched runs finds what a lost wake would have told.
import type { Knex } from 'knex';
import { onWake } from '../durable/index.ts';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { loadControls, readControl } from './control-store.ts';
import type { Control } from './control-store.ts';
import { RUN_TOPIC } from './hold.ts';

/** How long wakes gather, so that a wave of them is one query. */
const GATHER_MS = 20;
/** When a newly watched run is looked at: what was asked between its last reading and its watch woke nobody. */
const FIRST_LOOK_MS = 250;
const POLL_MS = 5_000;

export interface ControlWatch {
  /** Calls `notice` once when the run is told to cancel. Returns the end of the watch. */
  watch(runId: string, notice: (control: Control) => void): () => void;
  /** What is asked of the run now, read from the database. */
  read(runId: string): Promise<Control | undefined>;
  stop(): void;
}

interface Watched {
  readonly notices: Set<(control: Control) => void>;
  readonly unsubscribe: () => void;
}

export function createControlWatch(knex: Knex, emit: Emit): ControlWatch {
  const watched = new Map<string, Watched>();

  const end = (runId: string): Watched | undefined => {
    const ended = watched.get(runId);
    ended?.unsubscribe();
    watched.delete(runId);
    return ended;
  };
  const look = async (runIds: Iterable<string>): Promise<void> => {
    try {
      const controls = await loadControls(
        knex,
        [...runIds].filter((runId) => watched.has(runId)),
      );
      for (const [runId, control] of controls) for (const notice of end(runId)?.notices ?? []) notice(control);
    } catch (error) {
      emit({ level: 'warn', name: 'controls.read_failed', fields: { error: messageOf(error) } });
    }
  };
  const woken = gather(GATHER_MS, look);
  const begun = gather(FIRST_LOOK_MS, look);
  const poll = setInterval(() => void look(watched.keys()), POLL_MS);
  poll.unref();

  const begin = (runId: string): Watched => {
    const unsubscribe = onWake(runId, RUN_TOPIC, () => woken.add(runId));
    const entry: Watched = { notices: new Set(), unsubscribe };
    watched.set(runId, entry);
    begun.add(runId);
    return entry;
  };

  return {
    watch(runId, notice) {
      const entry = watched.get(runId) ?? begin(runId);
      entry.notices.add(notice);
      return () => {
        entry.notices.delete(notice);
        if (entry.notices.size === 0 && watched.get(runId) === entry) end(runId);
      };
    },
    read: async (runId) => await readControl(knex, runId),
    stop() {
      clearInterval(poll);
      for (const each of [woken, begun]) each.stop();
    },
  };
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
