// How many runs each executor owns, from DBOS's table of workflows.
import type { Knex } from 'knex';

export async function countOwnedRuns(knex: Knex): Promise<ReadonlyMap<string, number>> {
  const rows = await knex
    .withSchema('dbos')
    .table('workflow_status')
    .select<{ executor_id: string; owned: string }[]>('executor_id', knex.raw('count(*) as owned'))
    .where({ status: 'PENDING' })
    .whereNotNull('owner_xid')
    .groupBy('executor_id');
  return new Map(rows.map((row) => [row.executor_id, Number(row.owned)]));
}
