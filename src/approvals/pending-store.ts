// Counts the questions that are open, of all tenants.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRow } from '../postgres/index.ts';

const pending = z.object({ count: z.int(), oldestSeconds: z.coerce.number() });

/** `oldestSeconds`: how long the oldest one is open; 0 when there is none. */
export async function countPending(knex: Knex): Promise<z.infer<typeof pending>> {
  return await selectRow(
    knex,
    pending,
    `select count(*)::int as count, coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) as "oldestSeconds"
       from breakwater.approval
      where status = 'pending'`,
  );
}
