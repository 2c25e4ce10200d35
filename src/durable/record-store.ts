// Reads DBOS's checkpoints of a run.
import type { Knex } from 'knex';
import SuperJSON from 'superjson';
import type { Checkpoint } from './record.ts';

interface Row {
  readonly owner_xid: string | null;
  /** Null in the one row of a run without records. */
  readonly function_id: number | null;
  readonly function_name: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly child_workflow_id: string | null;
  readonly serialization: string | null;
}

/** In one snapshot: who owns the run, and every record of it. */
export async function loadCheckpoints(
  knex: Knex,
  runId: string,
): Promise<{ ownerXid: string | null; checkpoints: Map<number, Checkpoint> }> {
  const rows = await knex('dbos.workflow_status as s')
    .leftJoin('dbos.operation_outputs as o', 'o.workflow_uuid', 's.workflow_uuid')
    .select<Row[]>(
      's.owner_xid',
      'o.function_id',
      'o.function_name',
      'o.output',
      'o.error',
      'o.child_workflow_id',
      'o.serialization',
    )
    .where('s.workflow_uuid', runId)
    .orderBy('o.function_id');
  const checkpoints = rows.flatMap(checkpointOf).map((checkpoint) => [checkpoint.id, checkpoint] as const);
  return { ownerXid: rows[0]?.owner_xid ?? null, checkpoints: new Map(checkpoints) };
}

function checkpointOf(row: Row): Checkpoint[] {
  const { function_id: id, function_name: functionName, output, error, serialization } = row;
  if (id === null) return [];
  const value: unknown = output === null ? null : SuperJSON.parse(output);
  const recorded = { functionName, output, error, childWorkflowID: row.child_workflow_id, serialization };
  return [{ id, value, recorded }];
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
