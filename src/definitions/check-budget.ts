// What checking one value may cost, counted in steps and not in time, so that the same value always ends the same way.

/** Checking runs on the main thread: these take well under half a second on a slow machine. */
const CHECK_BUDGET = 1_000_000;

export class TooMuchToCheckError extends Error {
  constructor() {
    super('takes too much work to check against its schema');
    this.name = 'TooMuchToCheckError';
  }
}

// Checking is synchronous, so one counter serves.
let left = 0;

export function withCheckBudget<T>(check: () => T): T {
  left = CHECK_BUDGET;
  return check();
}

/** Throws once the budget is used up. */
export function spendCheck(steps: number): void {
  left -= steps;
  if (left < 0) throw new TooMuchToCheckError();
}
