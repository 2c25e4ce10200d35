// How much a run may record, and how much it has. Pure: told of every checkpoint.
import { failure } from '../kernel/index.ts';
import type { Failure } from '../kernel/index.ts';

export interface HistorySize {
  readonly checkpoints: number;
  readonly bytes: number;
}

/** What is recorded is read whole whenever a run is taken over, and held in memory while it runs. */
export const HISTORY_LIMITS: HistorySize = { checkpoints: 50_000, bytes: 32 * 1024 * 1024 };

export interface History {
  add(checkpoint: unknown): void;
  /** Why no further act may begin. */
  readonly full: Failure | undefined;
}

/** `onHalf` is told once, when half of a limit is used up. */
export function openHistory(
  start: HistorySize,
  onHalf: (size: HistorySize) => void,
  limits: HistorySize = HISTORY_LIMITS,
): History {
  let size = start;
  let told = false;
  const reached = (share: number): boolean =>
    size.checkpoints >= limits.checkpoints * share || size.bytes >= limits.bytes * share;
  return {
    add(checkpoint) {
      const bytes = Buffer.byteLength(JSON.stringify(checkpoint));
      size = { checkpoints: size.checkpoints + 1, bytes: size.bytes + bytes };
      if (told || !reached(0.5)) return;
      told = true;
      onHalf(size);
    },
    get full() {
      return reached(1) ? historyLimit(describe(size, limits)) : undefined;
    },
  };
}

function describe(size: HistorySize, limits: HistorySize): string {
  return (
    `the run has recorded ${size.checkpoints} outcomes of ${megabytes(size.bytes)} in all; ` +
    `${limits.checkpoints} and ${megabytes(limits.bytes)} are the most`
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}

/** The failure of what would make the record longer than it may be. */
export function historyLimit(why: string): Failure {
  const remedy = 'split the work over several runs, or let activities answer less';
  return failure('HISTORY_LIMIT', `${why}: ${remedy}`, { kind: 'refused' });
}
