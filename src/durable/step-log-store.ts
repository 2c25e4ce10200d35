// Reads what a run has recorded as a log: each step with its times, and whether it was there already in snapshots of before.
import type { Knex } from 'knex';
import SuperJSON from 'superjson';
import { z } from 'zod';
import { selectRow, selectRows } from '../postgres/index.ts';
import type { RunRecord } from './record.ts';

export interface LoggedStep {
  readonly id: number;
  readonly name: string;
  readonly value: unknown;
  /** When its record was made, by the clock of the machine that made it: shown, never compared. */
  readonly completedAtMs: number | null;
  /** By snapshot asked for: was it there? */
  readonly seen: readonly boolean[];
}

const instant = z.coerce.number().nullable();
const row = z.object({
  id: z.number(),
  name: z.string(),
  output: z.string().nullable(),
  completed_at: instant,
  seen: z.array(z.boolean()),
});

/** In the order of their ids. */
export async function readSteps(knex: Knex, runId: string, snapshots: readonly string[] = []): Promise<LoggedStep[]> {
  const rows = await selectRows(
    knex,
    row,
    `select o.function_id as id, o.function_name as name, o.output, o.completed_at_epoch_ms as completed_at,
            array(select breakwater.was_there(o.xmin, before.snapshot)
                    from unnest(?::text[]) with ordinality as before (snapshot, n) order by before.n) as seen
       from dbos.operation_outputs o
      where o.workflow_uuid = ?
      order by o.function_id`,
    [[...snapshots], runId],
  );
  return rows.map(({ id, name, output, completed_at: completedAtMs, seen }) => {
    const value: unknown = output === null ? null : SuperJSON.parse(output);
    return { id, name, value, completedAtMs, seen };
  });
}

/** These steps as an execution would find them. */
export function recordOfSteps(steps: readonly LoggedStep[]): RunRecord {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return {
    size: { checkpoints: steps.length, bytes: 0 },
    claims: 1,
    has: (id) => byId.has(id),
    names: () => steps.map(({ id, name }) => [id, name] as const),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-parameters -- as in RunRecord: names and ids tie a step to the code that wrote it
    read: <T>(id: number) => byId.get(id)?.value as T | undefined,
  };
}

/** What the caller's transaction sees, as text: what is not in it can be asked for later. */
export async function currentSnapshot(trx: Knex.Transaction): Promise<string> {
  const { snapshot } = await selectRow(
    trx,
    z.object({ snapshot: z.string() }),
    'select pg_current_snapshot()::text as snapshot',
  );
  return snapshot;
}
