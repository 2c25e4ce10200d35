// The table api_key: keys are stored as a hash; their text is shown once, when they are made.
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { BreakwaterError, sha256, uuidv7 } from '../kernel/index.ts';
import type { Actor } from '../runs/index.ts';

export interface NewKey {
  readonly tenant: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly expiresAt?: Date;
}

export interface KeyView {
  readonly id: string;
  readonly tenant: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

const roles = z.array(z.string());
const instant = z.date().transform((date) => date.toISOString());
const actorRow = z.object({ tenant: z.string(), user_name: z.string(), roles });
const keyRow = actorRow.extend({
  id: z.string(),
  created_at: instant,
  expires_at: instant.nullable(),
  revoked_at: instant.nullable(),
  last_used_at: instant.nullable(),
});

/** 256 random bits behind a prefix that secret scanners can know. */
export function newKeyText(): string {
  return `bwk_${randomBytes(32).toString('base64url')}`;
}

/** The owner of a live key, or undefined for one that is unknown, expired or revoked. Its use is noted at most once a minute. */
export async function findKeyOwner(knex: Knex, keyText: string): Promise<Actor | undefined> {
  const result = await knex.raw<{ rows: unknown[] }>(
    `with live as (
       select * from breakwater.api_key
        where key_hash = ? and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
     ), used as (
       update breakwater.api_key k
          set last_used_at = clock_timestamp()
         from live
        where k.id = live.id and (k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '1 minute'))
     select tenant, user_name, roles from live`,
    [sha256(keyText)],
  );
  if (result.rows[0] === undefined) return undefined;
  const row = actorRow.parse(result.rows[0]);
  return { tenant: row.tenant, user: row.user_name, roles: row.roles };
}

/** Makes a key with a new random text, or with the text given. */
export async function createKey(knex: Knex, key: NewKey, text = newKeyText()): Promise<{ id: string; key: string }> {
  const id = `key_${uuidv7(Date.now())}`;
  await keys(knex).insert({
    id,
    tenant: key.tenant,
    user_name: key.user,
    roles: JSON.stringify(key.roles),
    key_hash: sha256(text),
    expires_at: key.expiresAt ?? null,
  });
  return { id, key: text };
}

export async function hasKey(knex: Knex, text: string): Promise<boolean> {
  return (
    (await keys(knex)
      .first('id')
      .where({ key_hash: sha256(text) })) !== undefined
  );
}

export async function hasLiveAdmin(knex: Knex): Promise<boolean> {
  const row: unknown = await keys(knex)
    .first('id')
    .whereNull('revoked_at')
    .whereRaw(`roles @> '["admin"]' and (expires_at is null or expires_at > clock_timestamp())`);
  return row !== undefined;
}

export async function listKeys(knex: Knex): Promise<KeyView[]> {
  const rows = z.array(keyRow).parse(await keys(knex).select().orderBy(['created_at', 'id']));
  return rows.map((row) => ({
    id: row.id,
    tenant: row.tenant,
    user: row.user_name,
    roles: row.roles,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** Takes effect with the key's next request. Throws NOT_FOUND for an id that is no key's. */
export async function revokeKey(knex: Knex, id: string): Promise<void> {
  const revoked = await keys(knex)
    .where({ id })
    .update({ revoked_at: knex.raw('coalesce(revoked_at, clock_timestamp())') });
  if (revoked === 0) throw new BreakwaterError('NOT_FOUND', `No key "${id}"; "keys list" shows their ids.`);
}

function keys(knex: Knex) {
  return knex.withSchema('breakwater').table('api_key');
}
