// The column breakwater.run.control: what operators asked of a run. Only the API writes it, only the run acts on it.
import type { Knex } from 'knex';
import { z } from 'zod';
import { isJsonObject } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import { changeNote } from './changes.ts';
import type { ChangeNote } from './changes.ts';

const asked = z.object({ by: z.string(), reason: z.string().nullable(), at: z.string() });
/** Who asked, why, and when by the clock of the process that was asked: shown, never compared. */
export type Asked = z.infer<typeof asked>;

const controlSchema = z.object({
  cancel: asked.extend({ compensate: z.boolean() }).optional(),
  /** What the run waited for when it was told to: its row says so again once it is resumed. */
  pause: asked.extend({ waitedFor: z.string().optional() }).optional(),
  /**
   * The node, or module, from which the run goes on once it, and what was built on it, is taken back; acts that may have happened;
   * what approvers asked to be changed.
   */
  rewind: asked
    .extend({ node: z.string(), suspects: z.array(z.string()), changes: z.array(changeNote).optional() })
    .optional(),
  /** The failed node that is tried with other arguments once these acts of it, of which there are effects, are taken back. */
  retry: asked
    .extend({ node: z.string(), acts: z.array(z.string()), with: z.custom<JsonObject>(isJsonObject) })
    .optional(),
});
export type Control = z.infer<typeof controlSchema>;

/** Nothing is asked of a run whose column is null. */
export function controlOf({ control }: { readonly control: unknown }): Control {
  return control === null ? {} : controlSchema.parse(control);
}

export async function loadControls(knex: Knex, runIds: readonly string[]): Promise<Map<string, Control>> {
  if (runIds.length === 0) return new Map();
  const rows = await knex
    .withSchema('breakwater')
    .table('run')
    .select<{ id: string; control: unknown }[]>('id', 'control')
    .whereRaw('id = any(?)', [[...runIds]])
    .whereNotNull('control');
  return new Map(rows.map((row) => [row.id, controlOf(row)]));
}

/** What is asked of a run, of which nobody asks anything else until the transaction ends. */
export async function holdControl(trx: Knex.Transaction, runId: string): Promise<Control> {
  const row = await trx
    .withSchema('breakwater')
    .table('run')
    .first<{ control: unknown } | undefined>('control')
    .where({ id: runId })
    .forShare();
  return row ? controlOf(row) : {};
}

/** Undefined: nothing is asked any more. */
export async function writeControl(trx: Knex.Transaction, runId: string, control: Control | undefined): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('run')
    .where({ id: runId })
    .update({
      control: control === undefined ? null : JSON.stringify(control),
      updated_at: trx.raw('clock_timestamp()'),
    });
}

/** Nothing acts in a run that only waits, so it is paused the moment it is told; one that acts says so when it has come to rest. */
export async function savePaused(knex: Knex, runId: string, { by, reason }: Asked): Promise<void> {
  await knex.raw(
    `update breakwater.run
        set status = 'paused', waiting_for = ?, updated_at = clock_timestamp()
      where id = ? and status in ('running', 'waiting') and jsonb_exists(control, 'pause')`,
    [`paused by ${by}${reason === null ? '' : `: ${reason}`}`, runId],
  );
}

/** It runs or waits on, as before. Also a run that was stuck, of which the error was dealt with. */
export async function saveResumed(trx: Knex.Transaction, runId: string, waitedFor?: string): Promise<void> {
  await trx.raw(
    `update breakwater.run
        set status = ?, waiting_for = ?, error = null, updated_at = clock_timestamp()
      where id = ? and status in ('paused', 'stuck')`,
    [waitedFor === undefined ? 'running' : 'waiting', waitedFor ?? null, runId],
  );
}

export async function insertAudit(
  trx: Knex.Transaction,
  audit: {
    readonly tenant: string;
    readonly actor: string;
    readonly action: string;
    readonly subject: string;
    readonly data: JsonObject;
  },
): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('audit')
    .insert({ ...audit, data: JSON.stringify(audit.data) });
}

/** A run that was over, or held, is executed anew. */
export async function saveReopened(
  trx: Knex.Transaction,
  runId: string,
  reopened: {
    readonly status: 'running' | 'compensating';
    readonly epochs: Readonly<Record<string, number>>;
    readonly decisions: Readonly<Record<string, unknown>>;
    readonly control: Control | null;
    readonly inherited?: readonly string[];
    readonly changes?: readonly ChangeNote[];
    /** Absent: as far as it was. */
    readonly progress?: number;
  },
): Promise<void> {
  const { status, epochs, decisions, control, inherited, changes, progress } = reopened;
  await trx
    .withSchema('breakwater')
    .table('run')
    .where({ id: runId })
    .update({
      status,
      epochs: JSON.stringify(epochs),
      decisions: JSON.stringify(decisions),
      control: control === null ? null : JSON.stringify(control),
      ...(inherited && { inherited: [...inherited] }),
      ...(changes && { changes: JSON.stringify(changes) }),
      ...(progress !== undefined && { progress }),
      ...(status === 'running' && { cause: null, error: null }),
      waiting_for: null,
      output: null,
      compensation: null,
      finished_at: null,
      updated_at: trx.raw('clock_timestamp()'),
    });
}

/** The run, just inserted, begins with outcomes of another. */
export async function saveFork(
  trx: Knex.Transaction,
  runId: string,
  fork: {
    readonly from: string;
    readonly inherited: readonly string[];
    readonly decisions: object;
    readonly changes: readonly ChangeNote[];
  },
): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('run')
    .where({ id: runId })
    .update({
      forked_from: fork.from,
      inherited: [...fork.inherited],
      decisions: JSON.stringify(fork.decisions),
      changes: JSON.stringify(fork.changes),
    });
}
