// Tells running acts that an operator asked for something: one query a tick for all runs of this process that act right now.
import type { Knex } from 'knex';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { loadControls, readControl } from './control-store.ts';
import type { Control } from './control-store.ts';

const TICK_MS = 250;

export interface ControlWatch {
  /** Calls `notice` once when the run is told to cancel. Returns the end of the watch. */
  watch(runId: string, notice: (control: Control) => void): () => void;
  /** What is asked of the run now, read from the database. */
  read(runId: string): Promise<Control | undefined>;
  stop(): void;
}

export function createControlWatch(knex: Knex, emit: Emit): ControlWatch {
  const watchers = new Map<string, Set<(control: Control) => void>>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const tick = async (): Promise<void> => {
    timer = undefined;
    try {
      const controls = await loadControls(knex, [...watchers.keys()]);
      for (const [runId, control] of controls) {
        const notices = watchers.get(runId) ?? [];
        watchers.delete(runId);
        for (const notice of notices) notice(control);
      }
    } catch (error) {
      emit({ level: 'warn', name: 'controls.read_failed', fields: { error: messageOf(error) } });
    }
    schedule();
  };
  const schedule = (): void => {
    if (!stopped && watchers.size > 0) timer ??= setTimeout(() => void tick(), TICK_MS);
  };

  return {
    watch(runId, notice) {
      const notices = watchers.get(runId) ?? new Set();
      watchers.set(runId, notices.add(notice));
      schedule();
      return () => {
        notices.delete(notice);
        if (notices.size === 0 && watchers.get(runId) === notices) watchers.delete(runId);
      };
    },
    read: async (runId) => await readControl(knex, runId),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
