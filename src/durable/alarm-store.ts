// Counts runs in flight by engine protocol, against the executors that are alive.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRows } from '../postgres/index.ts';
import { NOW_MS } from './database-time.ts';
import { APPLICATION, STUCK_QUEUE } from './protocol.ts';

const unserved = z.object({ protocol: z.string(), count: z.int() });

/** Protocols with runs that have not moved for `graceMs` and that no living executor serves. Stuck runs wait for a person instead. */
export async function listUnserved(knex: Knex, graceMs: number): Promise<z.infer<typeof unserved>[]> {
  return await selectRows(
    knex,
    unserved,
    `select coalesce(w.application_version, 'none') as protocol, count(*)::int as count
       from dbos.workflow_status w
      where w.status in ('PENDING', 'ENQUEUED', 'DELAYED') and w.application_name = ?
        and w.queue_name is distinct from ?
        and w.updated_at < ${NOW_MS} - ?::bigint
        and not exists (select 1
                          from breakwater.executor e
                         where e.protocol = w.application_version and e.expires_at > clock_timestamp())
      group by w.application_version`,
    [APPLICATION, STUCK_QUEUE, graceMs],
  );
}
