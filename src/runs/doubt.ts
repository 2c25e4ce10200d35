// What a record leaves open about an act: whether it may have happened, and until when its effect may still arrive. Pure.
import type { ActivityNode } from '../definitions/index.ts';
import type { FinalCheckpoint } from './node-result.ts';

export function mayHaveHappened(checkpoint: FinalCheckpoint | undefined): boolean {
  if (!checkpoint) return false;
  const { outcome, attempt } = checkpoint;
  return outcome.ok ? attempt !== undefined : outcome.error.unknown;
}

/**
 * The effect of an act that was cut short may still arrive until then (K4); 0 when it cannot. What we waited for in vain may still
 * arrive at the vendor's; a connection that the vendor closed cannot. Of an act without a checkpoint nobody knows more than `seenAtMs`.
 */
export function lastArrivalMs(
  { timeoutMs }: ActivityNode,
  checkpoint: FinalCheckpoint | undefined,
  seenAtMs: number,
): number {
  if (!checkpoint) return seenAtMs + timeoutMs;
  if (checkpoint.outcome.ok) return 0;
  const { kind } = checkpoint.outcome.error;
  return kind === 'timeout' || kind === 'cancelled' ? checkpoint.finishedAt + timeoutMs : 0;
}
