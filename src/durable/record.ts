// What earlier executions of a run have committed: the only thing a new execution may believe.
import type { Knex } from 'knex';
import { currentRun } from './execution.ts';
import { listCheckpoints } from './record-store.ts';

/** One committed step. `value` is what its body returned. */
export interface Checkpoint {
  readonly id: number;
  readonly value: unknown;
}

export interface RunRecord {
  has(id: number): boolean;
  /** What the step with this id returned. The caller's own step wrote it: the type is what that step's body gives. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what it wrote, once, here
  read<T>(id: number): T | undefined;
}

/** Every checkpoint of the run, in one query. */
export async function loadRecord(knex: Knex): Promise<RunRecord> {
  const { runId } = currentRun();
  const checkpoints = new Map((await listCheckpoints(knex, runId)).map((checkpoint) => [checkpoint.id, checkpoint]));
  return {
    has: (id) => checkpoints.has(id),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-parameters -- step names and ids tie a checkpoint to the code that wrote it
    read: <T>(id: number) => checkpoints.get(id)?.value as T | undefined,
  };
}
