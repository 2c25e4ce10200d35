// What runs changed outside, of one run and across runs, for those who ask whether it still stands.
import type { Knex } from 'knex';
import { z } from 'zod';
import { stands, whyItStands } from './effect.ts';
import type { EffectView, LeakView } from './effect.ts';
import { listEffects, listLeaks } from './effects-store.ts';
import type { EffectRow } from './effects-store.ts';
import { decodeCursor, encodeCursor, pageLimit, timestampText } from './page.ts';
import type { LeakFilter, Page } from './runs.ts';

const leakPosition = z.object({
  at: timestampText,
  run: z.string(),
  node: z.string(),
  item: z.string().regex(/^(?:-1|\d{1,9})$/),
});

export async function effectsOfRun(knex: Knex, runId: string): Promise<EffectView[]> {
  return (await listEffects(knex, runId)).map(effectView);
}

export async function leakPage(knex: Knex, tenant: string, filter: LeakFilter): Promise<Page<LeakView>> {
  const limit = pageLimit(filter.limit);
  const after = filter.cursor === undefined ? undefined : decodeCursor(filter.cursor, leakPosition);
  const rows = await listLeaks(knex, tenant, { ...filter, limit: limit + 1, after });
  const last = rows[limit - 1];
  return {
    items: rows.slice(0, limit).map((row) => leakView(row)),
    ...(rows.length > limit &&
      last && {
        nextCursor: encodeCursor({ at: last.position, run: last.run, node: last.node, item: String(last.item ?? -1) }),
      }),
  };
}

function leakView(row: EffectRow & { readonly run_finished_at: Date }): LeakView {
  const effect = effectView(row);
  return {
    ...effect,
    runId: row.run,
    workflow: row.workflow,
    runStatus: row.run_status,
    runFinishedAt: row.run_finished_at.toISOString(),
    why: whyItStands(effect),
  };
}

function effectView(row: EffectRow): EffectView {
  return {
    node: row.node,
    item: row.item ?? undefined,
    epoch: row.epoch,
    key: row.key ?? undefined,
    tool: row.tool ?? undefined,
    action: row.action ?? undefined,
    digest: row.digest ?? undefined,
    externalId: row.external_id ?? undefined,
    state: row.state,
    stands: stands(row.state),
    takenBackBy: row.taken_back_by ?? undefined,
    probed: row.verdict ?? undefined,
    errorCode: row.error_code ?? undefined,
    undoErrorCode: row.undo_error_code ?? undefined,
    startedAt: row.started_at?.toISOString(),
    finishedAt: row.finished_at?.toISOString(),
    undoneAt: row.undone_at?.toISOString(),
  };
}
