// The kinds of groups: starts of runs, looks at them, records of their steps, messages they take, their outcomes; how large each may grow and what happens when one is refused.
import type { Emit } from '../kernel/index.ts';
import { codeOf } from '../postgres/index.ts';
import { createGroup } from './group.ts';
import type { GroupOptions } from './group.ts';
import { sendSplitting } from './group-split.ts';
import type { Refusals } from './group-split.ts';
import { finishMany, lookMany, recordMany, startMany, takeMany } from './group-store.ts';
import type { Look, RunOutcome, RunStart, Sight, StepRecord, Take, Taken } from './group-store.ts';
import { retriablePostgresException } from './internals.ts';
import type { CheckpointDatabase } from './internals.ts';

/** Each answers `undefined` (what writes: also false) for an item that must be asked again alone. */
export interface Lanes {
  readonly start: Lane<RunStart, boolean>;
  readonly look: Lane<Look, Sight>;
  readonly record: Lane<StepRecord, boolean>;
  readonly take: Lane<Take, Taken>;
  readonly finish: Lane<RunOutcome, boolean>;
}

type Lane<Item, Result> = (item: Item) => Promise<Result | undefined>;

const MAX_SIZE = 500;
/** Of all texts in a group, in characters. */
const MAX_WEIGHT = 4 * 1024 * 1024;
/** One commits while the next is on its way; more would only be smaller. */
const MAX_IN_FLIGHT = 2;

/** About a value: a cardinality violation, data that Postgres cannot hold, a program limit. */
const VALUE_CLASSES: ReadonlySet<string> = new Set(['21', '22', '54']);

const refusals: Refusals = {
  isTransient: retriablePostgresException,
  isAboutValue: (error) => VALUE_CLASSES.has(codeOf(error)?.slice(0, 2) ?? ''),
};

export function openLanes({ pool, application }: CheckpointDatabase, emit: Emit): Lanes {
  const start = openLane<RunStart, boolean>('start', emit, {
    keyOf: ({ runId }) => runId,
    twins: 'apart',
    weightOf: ({ input }) => input?.length ?? 0,
    send: async (items) => await startMany(pool, items),
  });
  const look = openLane<Look, Sight>('look', emit, {
    keyOf: keyOfStep,
    twins: 'share',
    send: async (items) => await lookMany(pool, items),
  });
  const record = openLane<StepRecord, boolean>('record', emit, {
    keyOf: keyOfStep,
    twins: 'apart',
    weightOf,
    send: async (items) => await recordMany(pool, application, items),
  });
  const take = openLane<Take, Taken>('take', emit, {
    // Of one topic one at a time: two of one statement would see the same oldest message.
    keyOf: ({ runId, topic }) => `${runId} ${topic}`,
    twins: 'apart',
    send: async (items) => await takeMany(pool, application, items),
  });
  const finish = openLane<RunOutcome, boolean>('outcome', emit, {
    keyOf: ({ runId }) => runId,
    twins: 'apart',
    weightOf,
    send: async (items) => await finishMany(pool, items),
  });
  return { start, look, record, take, finish };
}

type LaneOptions<Item, Result> = Pick<GroupOptions<Item, Result | undefined>, 'keyOf' | 'twins' | 'weightOf' | 'send'>;

function openLane<Item, Result>(kind: string, emit: Emit, lane: LaneOptions<Item, Result>): Lane<Item, Result> {
  const group = createGroup<Item, Result | undefined>({
    ...lane,
    maxSize: MAX_SIZE,
    maxWeight: MAX_WEIGHT,
    maxInFlight: MAX_IN_FLIGHT,
    send: async (items) => {
      emit({ level: 'debug', name: 'durable.group', fact: true, fields: { kind, size: items.length } });
      return await sendSplitting<Item, Result>(items, lane.send, refusals);
    },
  });
  return group.add;
}

function keyOfStep({ runId, stepId }: { runId: string; stepId: number | null }): string {
  return `${stepId} ${runId}`;
}

function weightOf({ output, error }: { output: string | null; error: string | null }): number {
  return (output?.length ?? 0) + (error?.length ?? 0);
}
