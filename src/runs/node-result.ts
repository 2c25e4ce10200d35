// What a node came to, as the scheduler and expressions see it; derived from checkpoints, never stored by itself.
import type { NodeStatus } from '../definitions/index.ts';
import type { Failure, Json, JsonObject, Outcome } from '../kernel/index.ts';
import type { EffectNote } from './effect-note.ts';

export interface NodeResult {
  /** `compensated` only in what a run that was undone puts out. */
  readonly status: Extract<NodeStatus, 'completed' | 'failed' | 'skipped' | 'unknown' | 'compensated'>;
  /** Null unless completed. */
  readonly value: Json;
  readonly error?: Failure;
  readonly finishedAtMs: number;
}

/** The checkpoint of a node that is settled, and of the attempt that settled it. */
export interface FinalCheckpoint {
  readonly outcome: Outcome & { readonly skipped?: boolean };
  readonly attempt?: number;
  readonly key?: string;
  readonly startedAt?: number;
  /** Absent when the act only reads. */
  readonly effect?: EffectNote;
  /** The arguments, where the plan does not tell them: of the first attempt of an undo, and of an act of code. */
  readonly input?: JsonObject;
  readonly finishedAt: number;
  /** An operator said so: the node came to this although its act did not, or although nobody knows. */
  readonly byHand?: 'skip' | 'done_by_hand';
  /** How many items a `for_each` had; its values are in the items' own checkpoints. */
  readonly items?: number;
}

/** The checkpoint of an attempt that failed and will be repeated at `retryAt` (database time, ms). */
export interface RetryCheckpoint {
  readonly attempt: number;
  readonly key: string;
  readonly effect?: EffectNote;
  readonly input?: JsonObject;
  readonly error: Failure;
  readonly startedAt: number;
  /** When the first attempt began: what `max_elapsed` counts from. */
  readonly firstStartedAt: number;
  readonly retryAt: number;
}

export type AttemptCheckpoint = FinalCheckpoint | RetryCheckpoint;

export function isFinalCheckpoint(checkpoint: AttemptCheckpoint): checkpoint is FinalCheckpoint {
  return 'outcome' in checkpoint;
}

export function resultOf(checkpoint: FinalCheckpoint): NodeResult {
  const { outcome, finishedAt: finishedAtMs } = checkpoint;
  if (outcome.ok) return { status: outcome.skipped ? 'skipped' : 'completed', value: outcome.value, finishedAtMs };
  return { status: outcome.error.unknown ? 'unknown' : 'failed', value: null, error: outcome.error, finishedAtMs };
}
