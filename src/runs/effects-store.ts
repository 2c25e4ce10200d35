// Reads the view breakwater.effect: of one run, and across the runs that were taken back.
import type { Knex } from 'knex';
import { STANDING } from './effect.ts';
import type { EffectState } from './effect.ts';
import type { LeakFilter } from './runs.ts';

export interface EffectRow {
  readonly run: string;
  readonly workflow: string;
  readonly run_status: string;
  readonly node: string;
  readonly item: number | null;
  readonly epoch: number;
  readonly key: string | null;
  readonly tool: string | null;
  readonly action: string | null;
  readonly digest: string | null;
  readonly external_id: string | null;
  readonly taken_back_by: string | null;
  readonly state: EffectState;
  readonly verdict: string | null;
  readonly error_code: string | null;
  readonly undo_error_code: string | null;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly undone_at: Date | null;
}

const BEGAN = `coalesce(started_at, 'infinity')`;
const ITEM = 'coalesce(item, -1)';

/** In the order in which they began; what has no record comes last. */
export async function listEffects(
  knex: Knex,
  runId: string,
  { limit, after }: { limit: number; after?: { readonly at: string; readonly node: string; readonly item: string } },
): Promise<(EffectRow & { position: string })[]> {
  const query = effects(knex)
    .select<(EffectRow & { position: string })[]>('*', knex.raw(`${BEGAN}::text as position`))
    .where('run', runId)
    .orderByRaw(`${BEGAN}, node, ${ITEM}`)
    .limit(limit);
  if (after) {
    const { at, node, item } = after;
    void query.whereRaw(`(${BEGAN}, node, ${ITEM}) > (?::timestamptz, ?, ?::int)`, [at, node, item]);
  }
  return await query;
}

/** A run that was taken back, as it stands in the list of such runs. */
export interface TakenBackRun {
  readonly id: string;
  /** When it ended, as the database's text. */
  readonly at: string;
}

/** Runs of which nothing should be left, the one that ended last first; from `from` on, itself included. */
export async function listTakenBack(
  knex: Knex,
  tenant: string,
  {
    workflow,
    since,
    until,
    limit,
    from,
  }: Omit<LeakFilter, 'limit' | 'cursor'> & { limit: number; from?: TakenBackRun },
): Promise<TakenBackRun[]> {
  const query = knex
    .withSchema('breakwater')
    .table('run')
    .select<TakenBackRun[]>('id', knex.raw('finished_at::text as at'))
    .where({ tenant })
    .whereIn('status', ['compensated', 'compensation_failed', 'rejected', 'cancelled'])
    // A cancel without compensation takes nothing back, so what it leaves behind is no leak.
    .whereRaw(`(status <> 'cancelled' or coalesce((control #>> '{cancel,compensate}')::boolean, true))`)
    .orderBy([
      { column: 'finished_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(limit);
  if (workflow !== undefined) void query.where({ workflow });
  if (since !== undefined) void query.where('finished_at', '>=', since);
  if (until !== undefined) void query.where('finished_at', '<', until);
  if (from !== undefined) void query.whereRaw('(finished_at, id) <= (?::timestamptz, ?)', [from.at, from.id]);
  return await query;
}

/** What may stand of these runs, by run. */
export async function listStanding(knex: Knex, runIds: readonly string[]): Promise<Map<string, EffectRow[]>> {
  if (runIds.length === 0) return new Map();
  const rows = await effects(knex)
    .select<EffectRow[]>('*')
    .whereRaw('run = any(?)', [[...runIds]])
    .whereIn('state', [...STANDING])
    .orderByRaw('node, item nulls first');
  return Map.groupBy(rows, ({ run }) => run);
}

function effects(knex: Knex) {
  return knex.withSchema('breakwater').table('effect');
}
