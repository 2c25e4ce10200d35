// Reads DBOS's checkpoints of a run.
import type { Knex } from 'knex';
import SuperJSON from 'superjson';
import type { Checkpoint } from './record.ts';

interface Row {
  readonly function_id: number;
  readonly output: string | null;
}

export async function listCheckpoints(knex: Knex, runId: string): Promise<Checkpoint[]> {
  const rows = await knex
    .withSchema('dbos')
    .table('operation_outputs')
    .select<Row[]>('function_id', 'output')
    .where('workflow_uuid', runId)
    .orderBy('function_id');
  return rows.map((row) => ({
    id: row.function_id,
    value: row.output === null ? null : SuperJSON.parse(row.output),
  }));
}

/** How often a claim of this run was made, the first start included. */
export async function claimCount(knex: Knex, runId: string): Promise<number> {
  const row = await knex
    .withSchema('dbos')
    .table('workflow_status')
    .first<{ recovery_attempts: string | number }>('recovery_attempts')
    .where('workflow_uuid', runId);
  return Number(row?.recovery_attempts ?? 1);
}
