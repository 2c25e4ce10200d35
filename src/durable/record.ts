// What earlier executions of a run have committed: the only thing a new execution may believe.
import type { Knex } from 'knex';
import { currentRun } from './execution.ts';
import type { RecordedStep } from './group-memory.ts';
import { loadCheckpoints } from './record-store.ts';

/** One committed step. `value` is what its body returned. */
export interface Checkpoint {
  readonly id: number;
  readonly value: unknown;
  /** As DBOS reads it. */
  readonly recorded: RecordedStep;
}

export interface RunRecord {
  /** How much it is. */
  readonly size: { readonly checkpoints: number; readonly bytes: number };
  /** How often a claim of this run was made, the first start included. */
  readonly claims: number;
  has(id: number): boolean;
  /** What each recorded step is called, by its id. */
  names(): Iterable<readonly [id: number, name: string]>;
  /** What the step with this id returned. The caller's own step wrote it: the type is what that step's body gives. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what it wrote, once, here
  read<T>(id: number): T | undefined;
}

const NOTHING: RunRecord = {
  size: { checkpoints: 0, bytes: 0 },
  claims: 1,
  has: () => false,
  names: () => [],
  read: () => undefined,
};

/** What is recorded as an execution begins. The first one has nothing before it, and need not ask. */
export async function recordAtBegin(knex: Knex): Promise<RunRecord> {
  return currentRun().isFirst ? NOTHING : await loadRecord(knex);
}

/** Every checkpoint of the run, in one query. */
export async function loadRecord(knex: Knex): Promise<RunRecord> {
  const execution = currentRun();
  const loaded = await loadCheckpoints(knex, execution.runId);
  const steps = [...loaded.checkpoints.values()].map(({ id, recorded }) => [id, recorded] as const);
  if (loaded.ownerXid === execution.ownerXid) execution.memory.learn(new Map(steps));
  return recordOf(loaded);
}

/** As {@link loadRecord}, for whoever does not execute the run: true only as long as nobody does. */
export async function readRecord(knex: Knex, runId: string): Promise<RunRecord> {
  return recordOf(await loadCheckpoints(knex, runId));
}

function recordOf({ claims, checkpoints }: Awaited<ReturnType<typeof loadCheckpoints>>): RunRecord {
  const steps = [...checkpoints.values()].map(({ id, recorded }) => [id, recorded] as const);
  const bytes = steps.reduce((sum, [, { output }]) => sum + Buffer.byteLength(output ?? ''), 0);
  return {
    size: { checkpoints: checkpoints.size, bytes },
    claims,
    has: (id) => checkpoints.has(id),
    names: () => steps.map(([id, { functionName }]) => [id, functionName] as const),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-parameters -- step names and ids tie a checkpoint to the code that wrote it
    read: <T>(id: number) => checkpoints.get(id)?.value as T | undefined,
  };
}
