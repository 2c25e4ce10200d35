// A run's record in memory, and the checkpoints it is made of.
import type { RunRecord } from '../../src/durable/index.ts';
import { failure } from '../../src/kernel/index.ts';
import type { Failure, Json } from '../../src/kernel/index.ts';
import type { AttemptCheckpoint, FinalCheckpoint, RetryCheckpoint } from '../../src/runs/node-result.ts';
import type { Turn } from '../../src/runs/turn.ts';

/** Checkpoints by step id, and what the engine's own steps returned. */
export function recordOf(
  values: Iterable<readonly [number, AttemptCheckpoint | Turn]> = [],
  names: Iterable<readonly [number, string]> = [],
): RunRecord {
  const checkpoints = new Map<number, unknown>(values);
  return {
    size: { checkpoints: checkpoints.size, bytes: 0 },
    claims: 1,
    has: (id) => checkpoints.has(id),
    names: () => names,
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as in RunRecord
    read: <T>(id: number) => checkpoints.get(id) as T | undefined,
  };
}

export function done(value: Json, over: Partial<FinalCheckpoint> = {}): FinalCheckpoint {
  return { outcome: { ok: true, value }, attempt: 1, finishedAt: 100, ...over };
}

export function failedFor(error: Partial<Failure> = {}, over: Partial<FinalCheckpoint> = {}): FinalCheckpoint {
  return {
    outcome: { ok: false, error: { ...failure('GITHUB_422', 'no such branch'), ...error } },
    attempt: 1,
    finishedAt: 100,
    ...over,
  };
}

export function skippedOver(): FinalCheckpoint {
  return { outcome: { ok: true, value: null, skipped: true }, finishedAt: 100 };
}

/** An attempt that failed and will be repeated. */
export function toRetry(attempt: number): RetryCheckpoint {
  const error = failure('GITHUB_503', 'try later', { kind: 'theirs', retryable: true });
  return { attempt, key: 'k', error, startedAt: 0, firstStartedAt: 0, retryAt: 50 };
}
