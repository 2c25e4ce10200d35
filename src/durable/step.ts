// A recorded step at a chosen id: its body's value is checkpointed once; an error of its body never is.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { reach } from './boundary.ts';
import { StepEscape, classifyEscape } from './escape.ts';
import { currentRun } from './execution.ts';
import { throwIfFenced } from './fence.ts';
import { withStepIdsFrom } from './internals.ts';

/** Step ids that belong to the engine itself: 0 up to and excluding 4,096 (K5). */
export const ENGINE_RANGE = { base: 0, size: 4_096 } as const;

/** Ids of a branch; every id handed out is checked against its upper bound, or a neighbour's result would be returned. */
export interface StepIds {
  readonly base: number;
  readonly size: number;
}

/** The absolute id of `offset` within `ids`. */
export function stepId(ids: StepIds, offset: number): number {
  if (!Number.isInteger(offset) || offset < 0 || offset >= ids.size) {
    throw new RangeError(`step offset ${offset} is outside its range of ${ids.size} ids from ${ids.base}`);
  }
  return ids.base + offset;
}

/**
 * Runs `body` at least once and records its value exactly once under `id`; a replay returns the recorded value.
 * `name` is stored and compared on replay: it must say which node this is. What `body` throws leaves the run
 * without a verdict (K3), so a business failure is a value, never an exception (D1).
 */
export async function runStep<T>(id: number, name: string, body: () => Promise<T>): Promise<T> {
  const { runId } = currentRun();
  const guarded = async (): Promise<T> => {
    try {
      throwIfFenced();
      reach('before', runId, name);
      const value = await body();
      reach('done', runId, name);
      return value;
    } catch (error) {
      throw new StepEscape(runId, classifyEscape(error), error);
    }
  };
  const value = await withStepIdsFrom(id, () => DBOS.runStep(guarded, { name }));
  reach('recorded', runId, name);
  return value;
}
