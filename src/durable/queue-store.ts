// Counts the runs that nobody executes at this moment: those that wait to be claimed, and those that wait for a person.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRows } from '../postgres/index.ts';
import { APPLICATION, RUN_QUEUE, STUCK_QUEUE } from './protocol.ts';

const depth = z.object({ queue: z.string(), runs: z.int() });

/** Of each queue of ours, delayed runs included. */
export async function queueDepths(knex: Knex): Promise<z.infer<typeof depth>[]> {
  return await selectRows(
    knex,
    depth,
    `select queue, count(w.workflow_uuid)::int as runs
       from unnest(array[?, ?]) as queue
       left join dbos.workflow_status w
              on w.queue_name = queue and w.status in ('ENQUEUED', 'DELAYED') and w.application_name = ?
      group by queue`,
    [RUN_QUEUE, STUCK_QUEUE, APPLICATION],
  );
}
