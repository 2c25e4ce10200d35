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
  /** From now on, by the clock of the database; absent: until it is revoked. */
  readonly lifetimeMs?: number;
}

export interface MadeKey {
  readonly id: string;
  /** Its text: kept nowhere. */
  readonly key: string;
  readonly expiresAt: string | null;
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
  const result = await knex.raw<{ rows: unknown[] }>('select tenant, user_name, roles from breakwater.key_owner(?)', [
    sha256(keyText),
  ]);
  if (result.rows[0] === undefined) return undefined;
  const row = actorRow.parse(result.rows[0]);
  return { tenant: row.tenant, user: row.user_name, roles: row.roles };
}

/** Makes a key with a new random text, or with the text given. `by` is who is told of in the audit. */
export async function createKey(knex: Knex, key: NewKey, by: string, text = newKeyText()): Promise<MadeKey> {
  const id = `key_${uuidv7(Date.now())}`;
  const told = { user: key.user, roles: key.roles, lifetimeMs: key.lifetimeMs ?? null };
  const { rows } = await knex.raw<{ rows: unknown[] }>(
    `with made as (
       insert into breakwater.api_key (id, tenant, user_name, roles, key_hash, expires_at)
       values (:id, :tenant, :user, :roles, :hash, clock_timestamp() + :lifetimeMs::float8 * interval '1 millisecond')
       returning tenant, id, expires_at
     ), told as (
       insert into breakwater.audit (tenant, actor, action, subject, data)
       select tenant, :by, 'key.create', id, :told::jsonb from made)
     select expires_at from made`,
    {
      id,
      tenant: key.tenant,
      user: key.user,
      roles: JSON.stringify(key.roles),
      hash: sha256(text),
      lifetimeMs: key.lifetimeMs ?? null,
      by,
      told: JSON.stringify(told),
    },
  );
  return { id, key: text, expiresAt: z.object({ expires_at: instant.nullable() }).parse(rows[0]).expires_at };
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

/** Takes effect with the key's next request; a second time changes nothing. Throws NOT_FOUND for an id that is no key's. */
export async function revokeKey(knex: Knex, id: string, by: string): Promise<void> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(
    `with revoked as (
       update breakwater.api_key set revoked_at = clock_timestamp() where id = :id and revoked_at is null
       returning tenant, id, user_name
     ), told as (
       insert into breakwater.audit (tenant, actor, action, subject, data)
       select tenant, :by, 'key.revoke', id, jsonb_build_object('user', user_name) from revoked)
     select id from breakwater.api_key where id = :id`,
    { id, by },
  );
  if (rows.length === 0) throw new BreakwaterError('NOT_FOUND', `No key "${id}"; "keys list" shows their ids.`);
}

function keys(knex: Knex) {
  return knex.withSchema('breakwater').table('api_key');
}
