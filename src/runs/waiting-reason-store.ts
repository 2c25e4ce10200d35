// Counts the runs that do not move, of all tenants, by what kind of thing they wait for.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRows } from '../postgres/index.ts';

/** Every reason there is: few, whatever definitions say. */
export const WAITING_REASONS = [
  'approval',
  'child',
  'held',
  'message',
  'paused',
  'queue',
  'service',
  'stuck',
  'time',
] as const;

const waiting = z.object({ reason: z.enum(WAITING_REASONS), runs: z.int() });

/** Of a run that waits for several things the first counts. The words are those of waiting.ts. */
export async function countWaiting(knex: Knex): Promise<z.infer<typeof waiting>[]> {
  return await selectRows(
    knex,
    waiting,
    `select case when status = 'queued'                       then 'queue'
                 when status <> 'waiting'                     then status
                 when words like 'waits for approval "%'      then 'approval'
                 when words like 'waits for message "%'       then 'message'
                 when words like 'waits at "%" for service "%' then 'service'
                 when words like 'waits at "%" for its run of "%' then 'child'
                 else 'time' end as reason,
            count(*)::int as runs
       from (select status, split_part(waiting_for, '; ', 1) as words
               from breakwater.run
              where finished_at is null and status in ('queued', 'waiting', 'paused', 'held', 'stuck')) as still
      group by 1`,
  );
}
