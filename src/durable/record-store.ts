// Reads DBOS's checkpoints of a run.
import type { Knex } from 'knex';
import SuperJSON from 'superjson';
import type { Checkpoint } from './record.ts';

interface Row {
  readonly owner_xid: string | null;
  readonly recovery_attempts: string | number | null;
  /** Null in the one row of a run without records. */
  readonly function_id: number | null;
  readonly function_name: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly child_workflow_id: string | null;
  readonly serialization: string | null;
}

/** In one snapshot: who owns the run, how often it was claimed, and every record of it. */
export async function loadCheckpoints(
  knex: Knex,
  runId: string,
): Promise<{ ownerXid: string | null; claims: number; checkpoints: Map<number, Checkpoint> }> {
  const rows = await knex('dbos.workflow_status as s')
    .leftJoin('dbos.operation_outputs as o', 'o.workflow_uuid', 's.workflow_uuid')
    .select<Row[]>(
      's.owner_xid',
      's.recovery_attempts',
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
  const [first] = rows;
  const claims = Number(first?.recovery_attempts ?? 1);
  return { ownerXid: first?.owner_xid ?? null, claims, checkpoints: new Map(checkpoints) };
}

function checkpointOf(row: Row): Checkpoint[] {
  const { function_id: id, function_name: functionName, output, error, serialization } = row;
  if (id === null) return [];
  const value: unknown = output === null ? null : SuperJSON.parse(output);
  const recorded = { functionName, output, error, childWorkflowID: row.child_workflow_id, serialization };
  return [{ id, value, recorded }];
}
