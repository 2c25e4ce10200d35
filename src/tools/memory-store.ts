// Notes in breakwater.memory, each known by tenant, namespace and key. Every statement names the tenant.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';

export interface NoteAddress {
  readonly tenant: string;
  readonly namespace: string;
  readonly key: string;
}

/** A note's value, and which effect wrote it. */
export const noteValue = z.object({
  content: z.json(),
  text: z.string(),
  metadata: z.record(z.string(), z.json()),
  effect_key: z.string().nullable(),
});
export type NoteValue = z.infer<typeof noteValue>;

/** Where a row keeps the value it replaced, so that a repeat and an undo still know it. Not part of a note's own metadata. */
export const REPLACED = '_replaced';

/** What the write of an effect replaced; null: there was nothing. */
export interface NoteWrite {
  readonly replaced: NoteValue | null;
}

/** Writes the note once per effect: undefined when it was written before under this effect key, even if a later write stands there now. */
export async function saveNote(knex: Knex, at: NoteAddress, value: NoteValue): Promise<NoteWrite | undefined> {
  const [write] = await select(
    knex,
    z.object({ replaced: noteValue.nullable() }),
    `insert into breakwater.memory as old (tenant, namespace, key, content, text, metadata, effect_key)
     values (:tenant, :namespace, :key, cast(:content as jsonb), :text, cast(:metadata as jsonb), :effectKey)
     on conflict (tenant, namespace, key) do update
        set content    = excluded.content,
            text       = excluded.text,
            metadata   = excluded.metadata || jsonb_build_object(cast(:replaced as text), jsonb_build_object(
                           'content', old.content, 'text', old.text, 'metadata', old.metadata - cast(:replaced as text), 'effect_key', old.effect_key)),
            effect_key = excluded.effect_key,
            updated_at = clock_timestamp()
      where old.effect_key is distinct from excluded.effect_key
        and old.metadata #>> array[:replaced, 'effect_key'] is distinct from excluded.effect_key
     returning metadata -> :replaced as replaced`,
    { ...at, ...rowOf(value), replaced: REPLACED },
  );
  return write;
}

const savedRow = z.object({
  effect_key: z.string().nullable(),
  replaced: noteValue.nullable(),
  superseded_by: z.string().nullable(),
});

/** The write of an effect, or undefined when that effect wrote no note here. */
export async function findWrite(knex: Knex, at: NoteAddress, effectKey: string): Promise<NoteWrite | undefined> {
  const rows = await select(
    knex,
    savedRow,
    `select effect_key, metadata -> :replaced as replaced, metadata #>> array[:replaced, 'effect_key'] as superseded_by
       from breakwater.memory
      where tenant = :tenant and namespace = :namespace and key = :key`,
    { ...at, replaced: REPLACED },
  );
  const [row] = rows;
  if (row?.effect_key === effectKey) return { replaced: row.replaced };
  // A later write replaced ours and remembers only ours.
  return row?.superseded_by === effectKey ? { replaced: null } : undefined;
}

/** Removes the note, whoever wrote it. */
export async function deleteNote(knex: Knex, at: NoteAddress): Promise<boolean> {
  const deleted: unknown = await knex('memory').withSchema('breakwater').where(at).delete();
  return deleted === 1;
}

/** Takes one write back: the note becomes what it was before, or goes. False when that effect's write is not what stands there. */
export async function revertWrite(
  knex: Knex,
  at: NoteAddress,
  effectKey: string,
  before?: NoteValue,
): Promise<boolean> {
  return await knex.transaction(async (trx) => {
    // The lock keeps the note as it is until it is decided what becomes of it.
    const rows = await select(
      trx,
      z.object({ replaced: noteValue.nullable() }),
      `select metadata -> :replaced as replaced
         from breakwater.memory
        where tenant = :tenant and namespace = :namespace and key = :key and effect_key = :effectKey
          for update`,
      { ...at, effectKey, replaced: REPLACED },
    );
    const [row] = rows;
    if (!row) return false;
    const earlier = row.replaced ?? before;
    await (earlier ? restoreNote(trx, at, earlier) : deleteNote(trx, at));
    return true;
  });
}

async function restoreNote(knex: Knex, at: NoteAddress, value: NoteValue): Promise<void> {
  await knex.raw(
    `update breakwater.memory
        set content = cast(:content as jsonb), text = :text, metadata = cast(:metadata as jsonb), effect_key = :effectKey, updated_at = clock_timestamp()
      where tenant = :tenant and namespace = :namespace and key = :key`,
    { ...at, ...rowOf(value) },
  );
}

function rowOf({ content, text, metadata, effect_key }: NoteValue) {
  return { content: JSON.stringify(content), text, metadata: JSON.stringify(metadata), effectKey: effect_key };
}

const foundNote = z.object({
  key: z.string(),
  content: z.json(),
  metadata: z.record(z.string(), z.json()),
  score: z.number(),
  updated_at: z.date().transform((at) => at.toISOString()),
});
export type FoundNote = z.infer<typeof foundNote>;

/** The note under one key. */
export async function loadNote(knex: Knex, at: NoteAddress): Promise<FoundNote | undefined> {
  const [note] = await select(
    knex,
    foundNote,
    `select key, content, metadata - cast(:replaced as text) as metadata, 1::float8 as score, updated_at
       from breakwater.memory
      where tenant = :tenant and namespace = :namespace and key = :key`,
    { ...at, replaced: REPLACED },
  );
  return note;
}

/** A note half as fresh by this many days counts half. */
const HALF_LIFE_DAYS = 30;

export interface Search {
  readonly tenant: string;
  readonly namespace: string;
  readonly query: string;
  readonly limit: number;
}

/** Notes that hold any word of the query, best first: rank of the words, halved for every thirty days of age. */
export async function searchNotes(knex: Knex, search: Search): Promise<FoundNote[]> {
  return await select(
    knex,
    foundNote,
    `with wanted as (
       -- Every lexeme quoted, joined by "or": a question finds notes that hold only some of its words.
       select string_agg('''' || replace(replace(lexeme, '\\\\', '\\\\\\\\'), '''', '''''') || '''', ' | ')::tsquery as query
         from unnest(to_tsvector('simple', :query))
     )
     select key, content, metadata - cast(:replaced as text) as metadata, updated_at,
            ts_rank(search, wanted.query)
              * power(0.5, extract(epoch from clock_timestamp() - updated_at)::float8 / :halfLifeSeconds) as score
       from breakwater.memory, wanted
      where tenant = :tenant and namespace = :namespace and search @@ wanted.query
      order by score desc, key
      limit :limit`,
    { ...search, replaced: REPLACED, halfLifeSeconds: HALF_LIFE_DAYS * 86_400 },
  );
}

/** The notes written last. */
export async function latestNotes(
  knex: Knex,
  { tenant, namespace, limit }: Omit<Search, 'query'>,
): Promise<FoundNote[]> {
  return await select(
    knex,
    foundNote,
    `select key, content, metadata - cast(:replaced as text) as metadata, updated_at, 1::float8 as score
       from breakwater.memory
      where tenant = :tenant and namespace = :namespace
      order by updated_at desc, key
      limit :limit`,
    { tenant, namespace, limit, replaced: REPLACED },
  );
}

async function select<T>(
  knex: Knex,
  row: z.ZodType<T>,
  sql: string,
  bindings: Readonly<Record<string, Json>>,
): Promise<T[]> {
  const answer: unknown = await knex.raw(sql, bindings);
  return z.object({ rows: z.array(row) }).parse(answer).rows;
}
