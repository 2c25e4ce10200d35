// Reads what nodes of a run have put out so far, from its checkpoints.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';

// Read as text, not as jsonb: people should see an output's members in the order in which they were written.
const checkpoint = z.string().transform((text): unknown => JSON.parse(text));
const done = z.object({ json: z.object({ outcome: z.object({ value: z.custom<Json>() }) }) });
const rows = z.array(z.object({ node: z.string(), output: checkpoint.pipe(done) }));

/** The committed values of those of `nodes` that completed. */
export async function selectOutputs(
  knex: Knex,
  runId: string,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, Json>> {
  const result = await knex.raw<{ rows: unknown }>(
    `select distinct on (o.function_name) o.function_name as node, o.output
       from dbos.operation_outputs o
      where o.workflow_uuid = ? and o.function_name = any(?::text[]) and o.output is not null
        and (breakwater.checkpoint(o.output) #>> '{outcome,ok}')::boolean
      order by o.function_name, o.function_id desc`,
    [runId, [...nodes]],
  );
  return new Map(rows.parse(result.rows).map(({ node, output }) => [node, output.json.outcome.value]));
}
