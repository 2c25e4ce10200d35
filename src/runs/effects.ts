// What runs changed outside, of one run and across runs, for those who ask whether it still stands.
import type { Knex } from 'knex';
import { z } from 'zod';
import { decodeCursor, encodeCursor, pageLimit, pageOfRows } from '../kernel/index.ts';
import type { Page, PageRequest } from '../kernel/index.ts';
import { timestampText } from '../postgres/index.ts';
import { stands, whyItStands } from './effect.ts';
import type { EffectView, LeakView } from './effect.ts';
import { listEffects, listStanding, listTakenBack } from './effects-store.ts';
import type { EffectRow, TakenBackRun } from './effects-store.ts';
import type { LeakFilter } from './runs.ts';

/** Where a page ended: in a run, after so many of its leaks. */
const leakPosition = z.object({
  at: timestampText,
  run: z.string(),
  told: z.string().regex(/^\d{1,9}$/),
});

/** Runs that are looked at together, and how many such looks one answer takes: runs that left nothing fill no page. */
const RUNS_A_LOOK = 200;
const LOOKS = 20;

/** Where a page of one run's effects ended: what has no record is later than all that has one. */
const effectPosition = z.object({
  at: timestampText.or(z.literal('infinity')),
  node: z.string(),
  item: z.string().regex(/^-?\d{1,9}$/),
});

export async function effectPage(
  knex: Knex,
  runId: string,
  { cursor, ...page }: PageRequest,
): Promise<Page<EffectView>> {
  const limit = pageLimit(page.limit);
  const after = cursor === undefined ? undefined : decodeCursor(cursor, effectPosition);
  const rows = await listEffects(knex, runId, { limit: limit + 1, after });
  const shown = pageOfRows(rows, limit, ({ position, node, item }) => ({ at: position, node, item: `${item ?? -1}` }));
  return { ...shown, items: shown.items.map(effectView) };
}

/** The page is short, and there is a next one, where so many runs left nothing that it is better asked again. */
export async function leakPage(knex: Knex, tenant: string, filter: LeakFilter): Promise<Page<LeakView>> {
  const limit = pageLimit(filter.limit);
  const cursor = filter.cursor === undefined ? undefined : decodeCursor(filter.cursor, leakPosition);
  const items: LeakView[] = [];
  let from = cursor && { id: cursor.run, at: cursor.at };
  let told = Number(cursor?.told ?? 0);
  for (let look = 0; look < LOOKS; look++) {
    const runs = await listTakenBack(knex, tenant, { ...filter, limit: RUNS_A_LOOK + 1, from });
    const standing = await listStanding(
      knex,
      runs.slice(0, RUNS_A_LOOK).map(({ id }) => id),
    );
    for (const run of runs.slice(0, RUNS_A_LOOK)) {
      const leaks = (standing.get(run.id) ?? []).slice(told).map((row) => leakView(row, run));
      const room = limit - items.length;
      items.push(...leaks.slice(0, room));
      if (leaks.length > room)
        return { items, nextCursor: encodeCursor({ at: run.at, run: run.id, told: `${told + room}` }) };
      told = 0;
    }
    from = runs[RUNS_A_LOOK];
    if (!from) return { items };
  }
  return { items, ...(from && { nextCursor: encodeCursor({ at: from.at, run: from.id, told: '0' }) }) };
}

function leakView(row: EffectRow, { at }: TakenBackRun): LeakView {
  const effect = effectView(row);
  return {
    ...effect,
    runId: row.run,
    workflow: row.workflow,
    runStatus: row.run_status,
    runFinishedAt: new Date(at).toISOString(),
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
