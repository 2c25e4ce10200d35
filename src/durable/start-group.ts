// Starting many runs in one statement, with a row of the caller's for each (K11): one commit for whatever starts at the same time.
import type { Knex } from 'knex';
import { codeOf, withClient } from '../postgres/index.ts';
import { createGroup } from './group.ts';
import { currentTurn } from './group-memory.ts';
import { sendSplitting } from './group-split.ts';
import type { Refusals } from './group-split.ts';
import { plainStart } from './group-start.ts';
import { startMany } from './group-store.ts';
import type { Companion, RunStart } from './group-store.ts';
import { areCheckpointsReplaced, describeWorkflow } from './internals.ts';
import { executesHere, insertedHere, newWorkflow } from './start.ts';
import type { Inserted, Start } from './start.ts';

/**
 * Committed when it resolves. Undefined when it was not done, for whatever reason: then nothing of it is there, and a transaction
 * of its own tells why.
 */
export type StartTogether<Row> = (start: Start, row: Row) => Promise<Inserted | undefined>;

/** How many of the caller's rows one statement takes. */
export const ROWS_TOGETHER = { maxSize: 500, maxWeight: 4 * 1024 * 1024, maxInFlight: 2 };

// A cut connection leaves open what was committed: every caller learns that, as from a transaction of its own.
export const rowRefusals: Refusals = {
  isTransient: (error) => !/^(?!08|57P)(?=.*\d)[0-9A-Z]{5}$/.test(codeOf(error) ?? ''),
  isAboutValue: (error) => /^(21|22|54)/.test(codeOf(error) ?? ''),
};

/** Without a companion `row` is nothing. */
export function openStarts<Row = undefined>(knex: Knex, companion?: Companion<Row>): StartTogether<Row> {
  type Item = RunStart & { readonly row: Row };
  const group = createGroup<Item, boolean | undefined>({
    ...ROWS_TOGETHER,
    keyOf: ({ runId }) => runId,
    twins: 'apart',
    apartBy: ({ row }) => companion?.apartBy?.(row) ?? '',
    weightOf: ({ input }) => input?.length ?? 0,
    send: async (items) =>
      await sendSplitting(
        items,
        async (part) => await withClient(knex, async (client) => await startMany(client, part, companion)),
        rowRefusals,
      ),
  });
  return async (start, row) => {
    if (!executesHere() || !areCheckpointsReplaced()) return undefined;
    const workflow = newWorkflow(start);
    const described = await describeWorkflow(workflow);
    const plain = plainStart(described, workflow.ownerXid);
    const isStarted = plain !== undefined && (await group.add({ ...plain, row }));
    return isStarted ? insertedHere(described, workflow.ownerXid, currentTurn()) : undefined;
  };
}
