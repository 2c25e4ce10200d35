// Turning round: what made the run turn is recorded once, with the acts whose outcome nobody knows at that moment.
import { ENGINE_RANGE, runStep, stepId } from '../durable/index.ts';
import { failure } from '../kernel/index.ts';
import type { Failure } from '../kernel/index.ts';
import type { TurnReason } from './advance.ts';
import type { Control } from './control-store.ts';
import type { RunContext } from './environment.ts';
import { ENGINE_STEP } from './step-layout.ts';
import { tell } from './tell.ts';

export interface Turn extends TurnReason {
  /** False: leave everything as it is (a cancel without compensation, or `on_failure: stop`). */
  readonly compensate: boolean;
  /** Acts that an execution before this one may have begun (K7): node ids, or `node[item]`. */
  readonly suspects: readonly string[];
  readonly atMs: number;
  /** An operator had a run that was over taken back. */
  readonly takenBack?: true;
}

/** The step that records it. */
export const TURN = { id: stepId(ENGINE_RANGE, ENGINE_STEP.turn), name: 'run turned round' } as const;

/** The turn that an earlier execution recorded: then nothing forward may start any more. */
export function recordedTurn(context: RunContext): Turn | undefined {
  return context.record.read<Turn>(TURN.id);
}

export async function recordTurn(context: RunContext, turn: Omit<Turn, 'atMs'>): Promise<Turn> {
  return await runStep<Turn>(TURN.id, TURN.name, async () => {
    tell(context, 'info', 'run.turned', { cause: turn.cause, at: turn.at, code: turn.failure?.code });
    return { ...turn, atMs: context.clock.now() };
  });
}

/** Why a run that an operator cancelled did not go on. */
export function cancelFailure({ by, reason }: NonNullable<Control['cancel']>): Failure {
  return failure('CANCELLED', `cancelled by ${by}${reason ? `: ${reason}` : ''}`, { kind: 'cancelled' });
}

/** What a person is shown of it: the failure and where it was; null for a rejection. */
export function errorOf({ failure: why, at }: TurnReason): (Failure & { node?: string }) | null {
  return why && { ...why, ...(at !== null && { node: at }) };
}
