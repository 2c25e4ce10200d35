// Reads the view breakwater.effect: of one run, and across the runs that were taken back.
import type { Knex } from 'knex';
import { STANDING } from './effect.ts';
import type { EffectState } from './effect.ts';
import type { LeakFilter } from './runs.ts';

export interface EffectRow {
  readonly run: string;
  readonly workflow: string;
  readonly run_status: string;
  readonly run_finished_at: Date | null;
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

/** In the order in which they began; what has no record comes last. */
export async function listEffects(knex: Knex, runId: string): Promise<EffectRow[]> {
  return await effects(knex)
    .select<EffectRow[]>('*')
    .where('run', runId)
    .orderByRaw('started_at nulls last, node, item nulls first');
}

/** Of a leak: the end of its run, the run, the node and its item. */
export interface LeakPosition {
  readonly at: string;
  readonly run: string;
  readonly node: string;
  readonly item: string;
}

// A cancel without compensation takes nothing back, so what it leaves behind is no leak.
const TAKEN_BACK = `exists (
  select 1
    from breakwater.run r
   where r.id = run
     and (r.status in ('compensated', 'compensation_failed', 'rejected')
          or r.status = 'cancelled' and coalesce((r.control #>> '{cancel,compensate}')::boolean, true)))`;

/** Runs that ended last first. */
export async function listLeaks(
  knex: Knex,
  tenant: string,
  {
    workflow,
    since,
    until,
    limit,
    after,
  }: Omit<LeakFilter, 'limit' | 'cursor'> & { limit: number; after?: LeakPosition },
): Promise<(EffectRow & { readonly position: string; readonly run_finished_at: Date })[]> {
  const query = effects(knex)
    .select<(EffectRow & { readonly position: string; readonly run_finished_at: Date })[]>(
      '*',
      knex.raw('run_finished_at::text as position'),
    )
    .where({ tenant })
    .whereIn('run_status', ['compensated', 'compensation_failed', 'rejected', 'cancelled'])
    .whereIn('state', [...STANDING])
    .whereRaw(TAKEN_BACK)
    .orderByRaw('run_finished_at desc, run desc, node, coalesce(item, -1)')
    .limit(limit);
  if (workflow !== undefined) void query.where({ workflow });
  if (since !== undefined) void query.where('run_finished_at', '>=', since);
  if (until !== undefined) void query.where('run_finished_at', '<', until);
  if (after !== undefined) {
    const { at, run, node, item } = after;
    void query.whereRaw(
      `(run_finished_at, run) <= (?::timestamptz, ?) and not (run = ? and (node, coalesce(item, -1)) <= (?, ?::int))`,
      [at, run, run, node, item],
    );
  }
  return await query;
}

function effects(knex: Knex) {
  return knex.withSchema('breakwater').table('effect');
}
