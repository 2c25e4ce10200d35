// The table breakwater.event: facts that no checkpoint holds.
import type { Knex } from 'knex';
import type { JsonObject } from '../kernel/index.ts';

export interface NewEvent {
  readonly tenant: string;
  readonly runId: string;
  readonly node?: string;
  /** `control.cancel`, `message.received`, … */
  readonly kind: string;
  readonly data: JsonObject;
}

export async function insertEvent(trx: Knex.Transaction, { tenant, runId, node, kind, data }: NewEvent): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('event')
    .insert({ tenant, run_id: runId, node: node ?? null, kind, data: JSON.stringify(data) });
}

/** As {@link insertEvent}, for whoever knows a run by its id alone. */
export async function insertRunEvent(
  trx: Knex.Transaction,
  runId: string,
  kind: string,
  data: JsonObject,
): Promise<void> {
  await trx.raw(
    `insert into breakwater.event (tenant, run_id, kind, data) select tenant, id, ?, ?::jsonb from breakwater.run where id = ?`,
    [kind, JSON.stringify(data), runId],
  );
}

/** What was received under this key, if anything was: a key names one message. */
export async function findMessageDigest(
  trx: Knex.Transaction,
  runId: string,
  key: string,
): Promise<string | undefined> {
  const row = await trx
    .withSchema('breakwater')
    .table('event')
    .first<{ data: { digest: string } } | undefined>('data')
    .where({ run_id: runId, kind: 'message.received' })
    .whereRaw(`data ->> 'key' = ?`, [key]);
  return row?.data.digest;
}
