// A loop of this process that outlives every error: one piece of work, a pause, again, until it is stopped.
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';

export interface Loop {
  /** Cuts the pause short: there is work now. */
  wake(): void;
  /** Lets the work under way end; none follows. */
  stop(): Promise<void>;
}

export interface Repeated {
  /** Events are named after it: `<name>.failed`. */
  readonly name: string;
  readonly emit: Emit;
  /** Answers how long to pause in milliseconds; 0 goes on at once. */
  readonly work: () => Promise<number>;
  /** How long to pause after an error. */
  readonly errorPauseMs: number;
}

/** Begins at once. */
export function repeat({ name, emit, work, errorPauseMs }: Repeated): Loop {
  let stopped = false;
  let woken = false;
  // What wakes the loop is still there after an error: heeding it would turn the error into a busy loop.
  let failed = false;
  let endPause: () => void = () => undefined;

  const attempt = async (): Promise<number> => {
    try {
      const pauseMs = await work();
      failed = false;
      return pauseMs;
    } catch (error) {
      emit({ level: 'warn', name: `${name}.failed`, fields: { error: messageOf(error) } });
      failed = true;
      return errorPauseMs;
    }
  };
  const pause = async (ms: number): Promise<void> => {
    if (stopped || (woken && !failed)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      await pause(await attempt());
    }
  };
  const done = run();
  return {
    wake() {
      woken = true;
      if (!failed) endPause();
    },
    async stop() {
      stopped = true;
      endPause();
      await done;
    },
  };
}
