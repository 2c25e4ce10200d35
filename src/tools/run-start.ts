// When a run began, as its id tells: nothing that a run's key stands for is older. Pure.

/** Other clocks than ours date what vendors hold. */
const CLOCK_DIFFERENCE_MS = 10 * 60_000;

const RUN_ID = /^run_([0-9a-f]{8})-([0-9a-f]{4})-7/;

/** Milliseconds since the epoch, ten minutes early; undefined for an id that is no run's. A child run's id begins with its parent's. */
export function nothingBefore(runId: string): number | undefined {
  const found = RUN_ID.exec(runId);
  return found ? Number.parseInt(`${found[1]}${found[2]}`, 16) - CLOCK_DIFFERENCE_MS : undefined;
}
