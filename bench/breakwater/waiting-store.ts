// Counts the runs that have come to wait.
import type { Knex } from 'knex';

export async function countWaiting(knex: Knex): Promise<number> {
  const row = await knex('breakwater.run').where({ status: 'waiting' }).count<{ count: string }>('* as count').first();
  return Number(row?.count ?? 0);
}
