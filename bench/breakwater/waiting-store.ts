// Counts which of some runs have come to wait.
import type { Knex } from 'knex';

export async function countWaiting(knex: Knex, ids: readonly string[]): Promise<number> {
  const row = await knex('breakwater.run')
    .where({ status: 'waiting' })
    .whereRaw('id = any(?)', [[...ids]])
    .count<{ count: string }>('* as count')
    .first();
  return Number(row?.count ?? 0);
}

/** The question that a run asks. */
export async function questionOf(knex: Knex, runId: string): Promise<string> {
  const row = await knex('breakwater.approval').where({ run_id: runId }).first<{ id: string } | undefined>('id');
  if (!row) throw new Error(`run ${runId} asks nothing`);
  return row.id;
}
