// The keys that sign approval links: configured, or made once and shared by all executors of the database.
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { sha256 } from '../kernel/index.ts';
import type { LinkKeys } from './link.ts';

const NAME = 'approval-link-key';
/** The digest of the key that the last start signed with: what tells a set-up with another key. */
const DIGEST_NAME = 'approval-link-key-digest';

export async function linkKeys(knex: Knex, configured: Partial<LinkKeys>): Promise<LinkKeys> {
  const { current = await sharedKey(knex), previous } = configured;
  await noteDigest(knex, sha256(current));
  return { current, previous };
}

/** Would links of the executor that started last be refused by one with these keys? Writes nothing. */
export async function refusesLinksOfOthers(knex: Knex, configured: Partial<LinkKeys>): Promise<boolean> {
  const inUse = await findSecret(knex, DIGEST_NAME);
  const accepted = [configured.current ?? (await findSecret(knex, NAME)), configured.previous];
  return inUse !== undefined && !accepted.some((key) => key !== undefined && sha256(key) === inUse);
}

// Whichever executor comes first makes it; the others' inserts do nothing and all read the same row.
async function sharedKey(knex: Knex): Promise<string> {
  await secrets(knex)
    .insert({ name: NAME, value: randomBytes(32).toString('base64url') })
    .onConflict('name')
    .ignore();
  return z.string().parse(await findSecret(knex, NAME));
}

async function noteDigest(knex: Knex, digest: string): Promise<void> {
  if ((await findSecret(knex, DIGEST_NAME)) === digest) return;
  await secrets(knex).insert({ name: DIGEST_NAME, value: digest }).onConflict('name').merge(['value']);
}

async function findSecret(knex: Knex, name: string): Promise<string | undefined> {
  const row: unknown = await secrets(knex).first('value').where({ name });
  return z.object({ value: z.string() }).optional().parse(row)?.value;
}

function secrets(knex: Knex) {
  return knex.withSchema('breakwater').table('shared_secret');
}
