// Notices that an attempt shows no sign of life. Knows nothing of what the attempt does.

/** Beyond this a timer of Node fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

const TICKS = 4;

export interface SilenceWatch {
  /** A sign of life. */
  beat(): void;
  stop(): void;
}

/**
 * Calls `onSilence` once, when nothing was heard for `limitMs` to 1.25 `limitMs`. Silence is counted in ticks, not by the clock: a
 * process that was itself suspended hears what has arrived before its next tick.
 */
export function watchSilence(limitMs: number, onSilence: () => void): SilenceWatch {
  let silentTicks = 0;
  const tick = (): void => {
    silentTicks += 1;
    if (silentTicks <= TICKS) return;
    clearInterval(timer);
    onSilence();
  };
  const timer = setInterval(tick, Math.min(Math.max(1, limitMs / TICKS), MAX_TIMER_MS));
  return {
    beat: () => {
      silentTicks = 0;
    },
    stop: () => clearInterval(timer),
  };
}
