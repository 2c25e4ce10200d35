// Failed runs in groups: of one workflow, at one node, with one code.
import type { Knex } from 'knex';
import { z } from 'zod';
import { inTenant, selectRows } from '../../postgres/index.ts';

const row = z.object({
  workflow: z.string(),
  node: z.string().nullable(),
  code: z.string(),
  count: z.int(),
  first_at: z.date(),
  last_at: z.date(),
  runs: z.array(z.string()),
  message: z.string(),
});
export type FailureRow = z.infer<typeof row>;

export interface FailureFilter {
  readonly since: Date;
  readonly workflow?: string;
}

const SAMPLES = 5;
const MAX_GROUPS = 1_000;

/** Runs that ended with an error since then, or are held or stuck with one. The message, and the samples, are the newest. */
export async function groupFailures(
  knex: Knex,
  tenant: string,
  { since, workflow }: FailureFilter,
): Promise<FailureRow[]> {
  return await inTenant(
    knex,
    tenant,
    async (trx) =>
      await selectRows(
        trx,
        row,
        `with failed as (
           select id, workflow, error, finished_at as at
             from breakwater.run
            where tenant = :tenant and error is not null and finished_at >= :since
            union all
           select id, workflow, error, updated_at
             from breakwater.run
            where tenant = :tenant and status in ('held', 'stuck') and error is not null and updated_at >= :since)
         select workflow, error ->> 'node' as node, error ->> 'code' as code, count(*)::int as count,
                min(at) as first_at, max(at) as last_at,
                (array_agg(id order by at desc))[1:${SAMPLES}] as runs,
                (array_agg(error ->> 'message' order by at desc))[1] as message
           from failed
          where :workflow::text is null or workflow = :workflow
          group by 1, 2, 3
          order by count desc, last_at desc
          limit ${MAX_GROUPS}`,
        { tenant, since, workflow: workflow ?? null },
      ),
  );
}
