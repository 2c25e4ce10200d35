// The status a run ends in: it tells what happened, not what was hoped for. Pure.
import type { Plan } from '../definitions/index.ts';
import { APPROVAL_EXPIRED } from './advance.ts';
import type { TurnReason } from './advance.ts';
import type { RunStatus } from './runs.ts';

export interface UndoTally {
  readonly total: number;
  readonly compensated: number;
  readonly failed: number;
  /** Acts that took effect, or may have, and that nothing takes back. */
  readonly standing: readonly string[];
}

/** `on_failure: stop` is about failures: what people refused, or never answered, is taken back all the same. */
export function wantsCompensation(plan: Pick<Plan, 'onFailure'>, turn: TurnReason): boolean {
  return plan.onFailure !== 'stop' || turn.cause === 'rejection' || isExpiry(turn);
}

/**
 * A failed compensation wins whatever the cause; `failed` says that nothing was undone. `compensated` promises that all was: where
 * something stands that nothing takes back, the others' undo did not bring the run back.
 */
export function finalStatus(
  turn: (TurnReason & { readonly takenBack?: true }) | undefined,
  tally: UndoTally,
): RunStatus {
  if (!turn) return 'succeeded';
  if (tally.failed > 0) return 'compensation_failed';
  if (turn.takenBack) return tally.standing.length > 0 ? 'compensation_failed' : 'compensated';
  if (turn.cause === 'cancel') return 'cancelled';
  if (turn.cause === 'rejection' || isExpiry(turn)) return 'rejected';
  if (tally.compensated === 0) return 'failed';
  return tally.standing.length > 0 ? 'compensation_failed' : 'compensated';
}

// A timeout without a failure is an approval that nobody answered; one with that code, of which an operator decided so.
function isExpiry(turn: TurnReason): boolean {
  return turn.cause === 'timeout' && (turn.failure === null || turn.failure.code === APPROVAL_EXPIRED);
}
