// The column breakwater.run.control: what operators asked of a run. Only the API writes it, only the run acts on it.
import type { Knex } from 'knex';
import { z } from 'zod';

const controlSchema = z.object({
  cancel: z.object({ compensate: z.boolean(), by: z.string(), reason: z.string().nullable(), at: z.string() }),
});
export type Control = z.infer<typeof controlSchema>;

export async function loadControls(knex: Knex, runIds: readonly string[]): Promise<Map<string, Control>> {
  if (runIds.length === 0) return new Map();
  const rows = await knex
    .withSchema('breakwater')
    .table('run')
    .select<{ id: string; control: unknown }[]>('id', 'control')
    .whereRaw('id = any(?)', [[...runIds]])
    .whereNotNull('control');
  return new Map(rows.map((row) => [row.id, controlSchema.parse(row.control)]));
}

export async function writeControl(trx: Knex.Transaction, runId: string, control: Control): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('run')
    .where({ id: runId })
    .update({ control: JSON.stringify(control), updated_at: trx.raw('clock_timestamp()') });
}
