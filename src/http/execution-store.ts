// Calls of single actions in the audit: that one begins is committed before anything is sent, how it ended afterwards.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';
import { json } from './shapes.ts';

export interface ExecutionRecord {
  readonly tenant: string;
  readonly actor: string;
  /** `<tool>.<action>` */
  readonly subject: string;
  readonly key: string;
}

const end = z.object({ ok: z.boolean(), unknown: z.boolean(), code: z.string().optional(), value: json.optional() });
export type ExecutionEnd = z.output<typeof end>;

/** What is kept of the arguments. */
export interface ExecutionBegin {
  readonly digest: string;
  /** The names of those that they refer to. */
  readonly secrets: readonly string[];
}

/** The latest call under the same key. */
export interface EarlierCall {
  /** Of its arguments. */
  readonly digest: string;
  readonly beganMsAgo: number;
  /** Absent while it runs, and for ever when its process died. */
  readonly end?: ExecutionEnd;
}

const BEGAN = 'adapter.execute';
const ENDED = 'adapter.executed';

/**
 * Hands the earlier call to `judge` and, where its verdict is to send, records that this one begins. Calls under one key come one
 * after the other; what `judge` throws leaves no record.
 */
export async function recordBegin<V extends { readonly send: boolean }>(
  knex: Knex,
  record: ExecutionRecord,
  { digest, secrets }: ExecutionBegin,
  judge: (earlier: EarlierCall | undefined) => V,
): Promise<V> {
  return await knex.transaction(async (trx) => {
    // Held to the commit: of two calls under one key at once, the second sees the first.
    await trx.raw(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [`${record.tenant} ${record.key}`]);
    const verdict = judge(await findEarlier(trx, record));
    if (verdict.send) await insert(trx, record, BEGAN, { digest, ...(secrets.length > 0 && { secrets }) });
    return verdict;
  });
}

export async function recordEnd(knex: Knex, record: ExecutionRecord, ended: ExecutionEnd): Promise<void> {
  await insert(knex, record, ENDED, ended);
}

const row = z.object({
  digest: z.string(),
  began_ms_ago: z.coerce.number(),
  ended: end.nullable(),
});

async function findEarlier(trx: Knex.Transaction, { tenant, subject, key }: ExecutionRecord) {
  const result = await trx.raw<{ rows: unknown[] }>(
    `select b.data ->> 'digest' as digest,
            extract(epoch from clock_timestamp() - b.at) * 1000 as began_ms_ago,
            (select e.data from breakwater.audit e
              where e.tenant = b.tenant and e.subject = b.subject and e.id > b.id
                and e.action = ? and e.data ->> 'key' = b.data ->> 'key'
              order by e.id limit 1) as ended
       from breakwater.audit b
      where b.tenant = ? and b.subject = ? and b.action = ? and b.data ->> 'key' = ?
      order by b.id desc limit 1`,
    [ENDED, tenant, subject, BEGAN, key],
  );
  return result.rows[0] === undefined ? undefined : earlierCall(row.parse(result.rows[0]));
}

function earlierCall({ digest, began_ms_ago: beganMsAgo, ended }: z.output<typeof row>): EarlierCall {
  return { digest, beganMsAgo, ...(ended && { end: ended }) };
}

async function insert(
  knex: Knex,
  { tenant, actor, subject, key }: ExecutionRecord,
  action: string,
  data: Readonly<Record<string, Json | undefined>>,
): Promise<void> {
  await knex
    .withSchema('breakwater')
    .table('audit')
    .insert({ tenant, actor, action, subject, data: JSON.stringify({ key, ...data }) });
}
