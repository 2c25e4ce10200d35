// Ending many runs in one statement: a row of the caller's, the step that tells the end, and DBOS's outcome, in one commit (D10).
import type { Knex } from 'knex';
import { withClient } from '../postgres/index.ts';
import { reach } from './boundary.ts';
import { endMany } from './end-store.ts';
import type { RunEnding } from './end-store.ts';
import { noteEnded } from './ended.ts';
import { classifyEscape } from './escape.ts';
import { currentRun } from './execution.ts';
import type { Execution } from './execution.ts';
import { createGroup } from './group.ts';
import type { Group } from './group.ts';
import { sendSplitting } from './group-split.ts';
import type { Companion } from './group-store.ts';
import { afterStepCommit, applicationName, areCheckpointsReplaced, serializeOutput } from './internals.ts';
import { wasCompleted } from './recorded-transaction.ts';
import { ROWS_TOGETHER, rowRefusals } from './start-group.ts';

/** The last step of a run, and the caller's row that its end is. */
export interface End<Row> {
  readonly id: number;
  readonly name: string;
  readonly row: Row;
}

/**
 * True: the run is over, its workflow too, and the body has nothing left to do but return. False: ask the long way, which finds what
 * became of it if only the answer was lost.
 */
export type EndTogether<Row> = (end: End<Row>) => Promise<boolean>;

/** A run does not end that the companion's statement does not return as `run`. */
export function openEnds<Row>(knex: Knex, companion: Companion<Row>): EndTogether<Row> {
  const group = openGroup(knex, companion);
  return async (end) => {
    try {
      return (await mayEnd(knex, end.id)) && (await isEnded(group, end));
    } catch (error) {
      if (classifyEscape(error) !== 'infrastructure') throw error;
      return false;
    }
  };
}

async function mayEnd(knex: Knex, id: number): Promise<boolean> {
  return areCheckpointsReplaced() && currentRun().memory.isUnrecorded(id) && !(await wasCompleted(knex, id));
}

async function isEnded<Row>(group: EndGroup<Row>, { id, name, row }: End<Row>): Promise<boolean> {
  const run = currentRun();
  reach('before', run.runId, name);
  const ending = { ...(await endingOf(run, id, name)), row };
  reach('done', run.runId, name);
  // Whatever comes of it: its answer may be what is lost.
  run.memory.own(id);
  if (!(await group.add(ending))) return false;
  reach('committed', run.runId, name);
  await afterStepCommit();
  noteEnded(run.ownerXid);
  reach('recorded', run.runId, name);
  return true;
}

async function endingOf({ runId, ownerXid }: Execution, stepId: number, name: string): Promise<RunEnding> {
  const startedAt = Date.now();
  const { text: output } = await serializeOutput(null, name);
  const { text: result } = await serializeOutput(undefined, name);
  return { runId, ownerXid, stepId, name, output, result, startedAt, completedAt: Date.now() };
}

type Item<Row> = RunEnding & { readonly row: Row };
type EndGroup<Row> = Group<Item<Row>, boolean | undefined>;

function openGroup<Row>(knex: Knex, companion: Companion<Row>): EndGroup<Row> {
  const send = async (items: readonly Item<Row>[]): Promise<boolean[]> =>
    await withClient(knex, async (client) => await endMany(client, applicationName(), items, companion));
  return createGroup<Item<Row>, boolean | undefined>({
    ...ROWS_TOGETHER,
    keyOf: ({ runId }) => runId,
    twins: 'apart',
    weightOf: ({ row }) => companion.weightOf?.(row) ?? 0,
    send: async (items) => await sendSplitting(items, send, rowRefusals),
  });
}
