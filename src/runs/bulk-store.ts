// The tables bulk and bulk_run: actions on many runs, and what each has still to do.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';
import { selectRow, selectRows } from '../postgres/index.ts';
import { BULK_ACTIONS, MAX_BULK, MAX_REFUSALS } from './bulk.ts';
import type { AlikeRuns, BulkAction, RunMatch } from './bulk.ts';
import { matchingRuns } from './run-store.ts';
import { RUN_STATUSES } from './runs.ts';

const refusal = z.object({ runId: z.string(), reason: z.string() });

const bulkRow = z.object({
  id: z.string(),
  tenant: z.string(),
  action: z.enum(BULK_ACTIONS),
  compensate: z.boolean().nullable(),
  reason: z.string().nullable(),
  actor: z.string(),
  count: z.number(),
  request_digest: z.string(),
  done: z.number(),
  unchanged: z.number(),
  refused: z.number(),
  refusals: z.array(refusal),
  created_at: z.date(),
  finished_at: z.date().nullable(),
});
export type BulkRow = z.infer<typeof bulkRow>;

export interface NewBulk {
  readonly id: string;
  readonly tenant: string;
  readonly action: BulkAction;
  readonly compensate: boolean | null;
  readonly filter: Json;
  readonly reason: string | null;
  readonly actor: string;
  readonly count: number;
  readonly idempotencyKey: string | null;
  readonly requestDigest: string;
}

const alike = z.object({
  status: z.enum(RUN_STATUSES),
  asked: z
    .enum(['pause', 'cancel'])
    .nullable()
    .transform((asked) => asked ?? undefined),
  count: z.coerce.number(),
});

/** The runs of a filter by their states, as the table of verbs knows states. */
export async function countByState(knex: Knex, tenant: string, match: RunMatch): Promise<AlikeRuns[]> {
  return await selectRows(
    knex,
    alike,
    `select status, asked, count(*)
       from (select status, case when jsonb_exists(control, 'cancel') then 'cancel'
                                 when jsonb_exists(control, 'pause') then 'pause' end as asked
               from breakwater.run
              where id in (?)) as states
      group by status, asked`,
    [matchingRuns(knex, tenant, match).select('id')],
  );
}

/** False when its idempotency key names another already: nothing was inserted. */
export async function insertBulk(trx: Knex.Transaction, bulk: NewBulk): Promise<boolean> {
  const { idempotencyKey, requestDigest, filter, ...rest } = bulk;
  const inserted = await trx
    .withSchema('breakwater')
    .table('bulk')
    .insert({
      ...rest,
      filter: JSON.stringify(filter),
      idempotency_key: idempotencyKey,
      request_digest: requestDigest,
    })
    .onConflict(trx.raw('(tenant, idempotency_key) where idempotency_key is not null'))
    .ignore()
    .returning('id');
  return inserted.length > 0;
}

/** Writes down which runs it is on, as many as the filter finds now, in the order of the list. Answers how many. */
export async function insertBulkRuns(trx: Knex.Transaction, bulk: NewBulk, match: RunMatch): Promise<number> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into breakwater.bulk_run (bulk_id, tenant, run_id, ordinal)
     select ?, ?, id, row_number() over (order by created_at desc, id desc)
       from (?) as found
     returning ordinal`,
    [
      bulk.id,
      bulk.tenant,
      matchingRuns(trx, bulk.tenant, match)
        .select('id', 'created_at')
        .limit(MAX_BULK + 1),
    ],
  );
  return rows.length;
}

const AS_COUNTED = `
  select b.id, b.tenant, b.action, b.compensate, b.reason, b.actor, b.count, b.request_digest, b.created_at, b.finished_at,
         coalesce(b.done, counted.done) as done, coalesce(b.unchanged, counted.unchanged) as unchanged,
         coalesce(b.refused, counted.refused) as refused, coalesce(b.refusals, counted.refusals) as refusals
    from breakwater.bulk b
    cross join lateral (
      select (count(*) filter (where outcome = 'done'))::int as done,
             (count(*) filter (where outcome = 'unchanged'))::int as unchanged,
             (count(*) filter (where outcome = 'refused'))::int as refused,
             coalesce(jsonb_agg(jsonb_build_object('runId', run_id, 'reason', reason) order by ordinal)
                        filter (where outcome = 'refused' and nth <= ${MAX_REFUSALS}), '[]') as refusals
        from (select *, row_number() over (partition by outcome order by ordinal) as nth
                from breakwater.bulk_run where bulk_id = b.id) as runs) as counted`;

export async function findBulk(knex: Knex, id: string): Promise<BulkRow | undefined> {
  return (await selectRows(knex, bulkRow, `${AS_COUNTED} where b.id = ?`, [id]))[0];
}

export async function findBulkByKey(knex: Knex, tenant: string, key: string): Promise<BulkRow | undefined> {
  return (
    await selectRows(knex, bulkRow, `${AS_COUNTED} where b.tenant = ? and b.idempotency_key = ?`, [tenant, key])
  )[0];
}

export async function isOver(knex: Knex, id: string): Promise<boolean> {
  const row = await knex
    .withSchema('breakwater')
    .table('bulk')
    .first<{ finished_at: Date | null } | undefined>('finished_at')
    .where({ id });
  return row?.finished_at !== null;
}

const openBulk = bulkRow.pick({ id: true, tenant: true, action: true, compensate: true, reason: true, actor: true });
export type OpenBulk = z.infer<typeof openBulk>;

/** Of every tenant: for the engine. */
export async function listOpenBulks(knex: Knex): Promise<OpenBulk[]> {
  return await selectRows(
    knex,
    openBulk,
    `select id, tenant, action, compensate, reason, actor
       from breakwater.bulk
      where finished_at is null
      order by created_at`,
  );
}

const place = z.object({ ordinal: z.number(), run_id: z.string() });
export type BulkPlace = z.infer<typeof place>;

export async function listLeft(knex: Knex, bulkId: string, after: number, limit: number): Promise<BulkPlace[]> {
  return await selectRows(
    knex,
    place,
    `select ordinal, run_id
       from breakwater.bulk_run
      where bulk_id = ? and ordinal > ? and outcome is null
      order by ordinal
      limit ?`,
    [bulkId, after, limit],
  );
}

/** Until the transaction ends nobody else does this one. False: somebody does, or it is done. */
export async function takePlace(trx: Knex.Transaction, bulkId: string, { ordinal }: BulkPlace): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `select 1 from breakwater.bulk_run where bulk_id = ? and ordinal = ? and outcome is null for update skip locked`,
    [bulkId, ordinal],
  );
  return rows.length > 0;
}

export async function settlePlace(
  knex: Knex,
  bulkId: string,
  { ordinal }: BulkPlace,
  { outcome, reason = null }: { readonly outcome: 'done' | 'unchanged' | 'refused'; readonly reason?: string | null },
): Promise<void> {
  await knex
    .withSchema('breakwater')
    .table('bulk_run')
    .where({ bulk_id: bulkId, ordinal })
    .whereNull('outcome')
    .update({ outcome, reason });
}

const ended = z.object({ ended: z.boolean() });

/** Writes down what came of it once nothing is left to do. False while something is. */
export async function endBulk(trx: Knex.Transaction, id: string): Promise<boolean> {
  const over = await selectRow(
    trx,
    ended,
    `select not exists (select 1 from breakwater.bulk_run where bulk_id = ? and outcome is null) as ended`,
    [id],
  );
  if (!over.ended) return false;
  await trx.raw(
    `update breakwater.bulk as bulk
        set done = said.done, unchanged = said.unchanged, refused = said.refused, refusals = said.refusals,
            finished_at = clock_timestamp()
       from (${AS_COUNTED} where b.id = ?) as said
      where bulk.id = said.id and bulk.finished_at is null`,
    [id],
  );
  await trx.withSchema('breakwater').table('bulk_run').where({ bulk_id: id }).delete();
  return true;
}
