// What changed for a tenant since a snapshot, in one statement that reads no record: its runs, their events, breakers, definitions.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Json } from '../../kernel/index.ts';
import { forTenant, selectRow } from '../../postgres/index.ts';
import type { NewsItem, NewsLook, NewsPosition } from './news.ts';

/** No more are told at once. */
const MAX_ITEMS = 500;
/** A row says when it was written; its transaction may commit this much later and still be told of. */
const LATE_MS = 15_000;
/** Whoever was away for longer reads its lists again. */
const MAX_AWAY_MS = 10 * 60_000;

const item = z.looseObject({ kind: z.string(), at: z.string() });
const look = z.object({ snapshot: z.string(), at_ms: z.coerce.number(), items: z.array(item) });

/** Without a position there is nothing to compare with: only the position to go on from is answered. */
export async function readNews(knex: Knex, tenant: string, from: NewsPosition | undefined): Promise<NewsLook> {
  const bindings = { tenant, before: from?.snapshot ?? null, since: new Date((from?.atMs ?? 0) - LATE_MS) };
  const rows = await selectRow(forTenant(knex, tenant), look, from ? NEWS : NOTHING, from ? bindings : []);
  const position = { snapshot: rows.snapshot, atMs: Math.floor(rows.at_ms) };
  const wasAway = from !== undefined && position.atMs - from.atMs > MAX_AWAY_MS;
  const isTooMuch = wasAway || rows.items.length > MAX_ITEMS;
  return { position, items: isTooMuch ? [] : rows.items.map(itemOf), isTooMuch };
}

function itemOf(row: z.infer<typeof item>): NewsItem {
  const known = Object.entries(row).filter((entry): entry is [string, Json] => entry[1] !== null);
  return { ...Object.fromEntries(known), kind: row.kind, at: new Date(row.at).toISOString() };
}

const NOW = `pg_current_snapshot()::text as snapshot, extract(epoch from clock_timestamp()) * 1000 as at_ms`;
const NOTHING = `select ${NOW}, '[]'::json as items`;

const IS_NEW = (row: string): string => `not breakwater.was_there(${row}.xmin, :before)`;
const CHANGED_RUN = (time: string): string =>
  `select json_build_object('kind', 'run.changed', 'at', r.${time}, 'runId', r.id, 'workflow', r.workflow, 'status', r.status,
                            'progress', r.progress, 'phase', r.phase) as item`;

// Runs that are not over are few of all, and found by an index of their own; those that are, by the time of their end.
const NEWS = `
  with news as (
    (${CHANGED_RUN('updated_at')}
      from breakwater.run r
     where r.tenant = :tenant and r.finished_at is null and r.updated_at > :since and ${IS_NEW('r')}
     limit ${MAX_ITEMS + 1})
    union all
    (${CHANGED_RUN('finished_at')}
      from breakwater.run r
     where r.tenant = :tenant and r.finished_at > :since and ${IS_NEW('r')}
     limit ${MAX_ITEMS + 1})
    union all
    (select json_build_object('kind', e.kind, 'at', e.at, 'runId', e.run_id, 'node', e.node, 'approvalId', e.data -> 'approval')
      from breakwater.event e
     where e.tenant = :tenant and e.at > :since and ${IS_NEW('e')}
     order by e.at
     limit ${MAX_ITEMS + 1})
    union all
    select json_build_object('kind', 'breaker.changed', 'at', t.at, 'service', t.service, 'status', t.to_state)
      from breakwater.breaker_transition t
     where t.tenant in (:tenant, '*') and t.at > :since and ${IS_NEW('t')}
    union all
    select json_build_object('kind', 'definition.published', 'at', d.created_at, 'workflow', d.name, 'version', d.version)
      from breakwater.definition d
     where d.tenant = :tenant and d.created_at > :since and ${IS_NEW('d')}
  )
  select ${NOW}, coalesce((select json_agg(item) from (select item from news limit ${MAX_ITEMS + 1}) as told), '[]') as items`;
