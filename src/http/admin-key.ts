// The first admin key: configured, or made at first start and kept in a file that only its owner can read.
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { createKey, hasKey, hasLiveAdmin, newKeyText } from './key-store.ts';

const ADMIN = { tenant: 'default', user: 'admin', roles: ['admin'] } as const;

export interface AdminKey {
  /** The text of the key, when this process knows it. */
  readonly key?: string;
  /** Made just now: the one time to show it. */
  readonly created: boolean;
}

/** Without a configured key and without its file, a database that has a live admin key gets no second one. */
export async function ensureAdminKey(
  knex: Knex,
  { configured, dataDir }: { configured?: string; dataDir: string },
): Promise<AdminKey> {
  const file = join(dataDir, 'admin-key');
  const known = configured ?? (await readKeyFile(file));
  if (known !== undefined) return await enter(knex, known, false);
  // The file is written before the row: whoever finds the row made by a neighbour finds the file too.
  if (await hasLiveAdmin(knex)) return { key: await readKeyFile(file), created: false };
  const created = await writeKeyFile(file, dataDir);
  return await enter(knex, (await readFile(file, 'utf8')).trim(), created);
}

async function enter(knex: Knex, key: string, created: boolean): Promise<AdminKey> {
  if (!(await hasKey(knex, key))) await storeOnce(knex, key);
  return { key, created };
}

// Two processes may start at once: the one that comes second finds the row there.
async function storeOnce(knex: Knex, key: string): Promise<void> {
  try {
    await createKey(knex, ADMIN, 'system', key);
  } catch (error) {
    if (!(await hasKey(knex, key))) throw error;
  }
}

// Linked into place whole: another process that starts now reads either nothing or all of it. False when it was first.
async function writeKeyFile(file: string, dataDir: string): Promise<boolean> {
  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${newKeyText()}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft);
  }
}

async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
