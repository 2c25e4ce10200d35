// What a lane reads of its own database: how each node ended, what the memory tool keeps, which runs have no end.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { NodeEnd } from './end-state.ts';

const nodeRow = z.object({ node: z.string(), status: z.string(), compensation_status: z.string().nullable() });

export async function loadNodeEnds(knex: Knex, runId: string): Promise<Record<string, NodeEnd>> {
  const rows = await knex
    .withSchema('breakwater')
    .table('activity_status')
    .select('node', 'status', 'compensation_status')
    .where('run', runId);
  const ends = z.array(nodeRow).parse(rows);
  return Object.fromEntries(
    ends.map(({ node, status, compensation_status: compensation }) => [node, { status, compensation }]),
  );
}

/** The memory tool's effects are rows in our own database. */
export async function countNotes(knex: Knex): Promise<number> {
  const rows = await knex.withSchema('breakwater').table('memory').count('* as notes');
  return z.object({ notes: z.coerce.number() }).parse(rows[0]).notes;
}

export async function clearNotes(knex: Knex): Promise<void> {
  await knex.withSchema('breakwater').table('memory').delete();
}

/** How many verbs of operators the run was told, each with the change that it brought. */
export async function countVerbs(knex: Knex, runId: string): Promise<number> {
  const rows = await knex
    .withSchema('breakwater')
    .table('event')
    .where('run_id', runId)
    .whereLike('kind', 'control.%')
    .count('* as verbs');
  return z.object({ verbs: z.coerce.number() }).parse(rows[0]).verbs;
}

/** Runs that the engine holds for unfinished. */
export async function listUnfinished(knex: Knex): Promise<string[]> {
  const rows = await knex
    .withSchema('dbos')
    .table('workflow_status')
    .select('workflow_uuid')
    .whereIn('status', ['PENDING', 'ENQUEUED', 'DELAYED']);
  return z
    .array(z.object({ workflow_uuid: z.string() }))
    .parse(rows)
    .map((row) => row.workflow_uuid);
}
