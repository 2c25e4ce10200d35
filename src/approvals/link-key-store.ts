// The keys that sign approval links: configured, or made once and shared by all executors of the database.
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { LinkKeys } from './link.ts';

const NAME = 'approval-link-key';

export async function linkKeys(knex: Knex, configured: Partial<LinkKeys>): Promise<LinkKeys> {
  const { current = await sharedKey(knex), previous } = configured;
  return { current, previous };
}

// Whichever executor comes first makes it; the others' inserts do nothing and all read the same row.
async function sharedKey(knex: Knex): Promise<string> {
  const secrets = () => knex.withSchema('breakwater').table('shared_secret');
  await secrets()
    .insert({ name: NAME, value: randomBytes(32).toString('base64url') })
    .onConflict('name')
    .ignore();
  const row: unknown = await secrets().first('value').where({ name: NAME });
  return z.object({ value: z.string() }).parse(row).value;
}
