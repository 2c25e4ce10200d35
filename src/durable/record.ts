// What earlier executions of a run have committed: the only thing a new execution may believe.
import type { Knex } from 'knex';
import { currentRun } from './execution.ts';
import { listCheckpoints } from './record-store.ts';

/** One committed step. `value` is what its body returned. */
export interface Checkpoint {
  readonly id: number;
  readonly name: string;
  readonly value: unknown;
  readonly completedAtMs: number;
}

export interface RunRecord {
  /** True when the run has never committed a step: nothing of it can have happened before this execution began. */
  readonly empty: boolean;
  at(id: number): Checkpoint | undefined;
  all(): Iterable<Checkpoint>;
}

/** Every checkpoint of the run, in one query. */
export async function loadRecord(knex: Knex): Promise<RunRecord> {
  const { runId } = currentRun();
  const checkpoints = new Map((await listCheckpoints(knex, runId)).map((checkpoint) => [checkpoint.id, checkpoint]));
  return { empty: checkpoints.size === 0, at: (id) => checkpoints.get(id), all: () => checkpoints.values() };
}
