// What a list of runs shows beside their rows, for a whole page at once: as much as the view of one run does, without reading its record.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRows } from '../postgres/index.ts';
import type { BesideRow } from './run-view.ts';
import { RUN_STATUSES } from './runs.ts';

const row = z.object({
  id: z.string(),
  attempts: z.coerce.number(),
  executor: z.string().nullable(),
  children: z.array(z.object({ id: z.string(), parent_node: z.string(), status: z.enum(RUN_STATUSES) })),
});

/** As far as a checkpoint says which attempt it is of: it says so first. */
const ATTEMPT = '{"json":{"attempt":';

export async function besideRuns(knex: Knex, ids: readonly string[]): Promise<(id: string) => BesideRow> {
  const rows = await selectRows(
    knex,
    row,
    `select listed.id, w.executor_id as executor, acts.attempts, children.list as children
       from unnest(:ids::text[]) as listed (id)
       left join dbos.workflow_status w on w.workflow_uuid = listed.id
       cross join lateral (
         select count(distinct (o.function_name, left(o.output, :length + 3))) as attempts
           from dbos.operation_outputs o
          where o.workflow_uuid = listed.id and starts_with(o.output, :attempt) and o.function_name not like 'undo %') acts
       cross join lateral (
         select coalesce(json_agg(json_build_object('id', c.id, 'parent_node', c.parent_node, 'status', c.status)
                                  order by c.created_at), '[]') as list
           from (select distinct on (parent_node) id, parent_node, status, created_at
                   from breakwater.run
                  where parent_run = listed.id
                  order by parent_node, created_at desc) c) children`,
    { ids: [...ids], attempt: ATTEMPT, length: ATTEMPT.length },
  );
  const byId = new Map(
    rows.map(({ id, attempts, executor, children }) => [
      id,
      { attempts, children, ...(executor !== null && { executor }) },
    ]),
  );
  return (id) => byId.get(id) ?? { attempts: 0 };
}
