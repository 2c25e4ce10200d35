// The last look before an effect: a process that was stopped and woken again must not act on a lease that ran out meanwhile.
import { StepEscape } from './escape.ts';
import { findExecution } from './execution.ts';

let isHeld: (() => boolean) | undefined;

/** `held` answers from memory, by the monotonic clock. Without a fence, as in a process that executes nothing, all may act. */
export function raiseFence(held: () => boolean): void {
  isHeld = held;
}

/**
 * Throws once the lease of this executor is over: others may run its runs already. The watchdog ends the process within
 * milliseconds; called right before whatever reaches the outside, this keeps those from repeating an act of another.
 */
export function throwIfFenced(): void {
  if (!isHeld || isHeld()) return;
  const reason = new Error('the lease of this executor has run out');
  throw new StepEscape(findExecution()?.runId ?? 'none', 'ownership', reason);
}
