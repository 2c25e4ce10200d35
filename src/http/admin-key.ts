// The first admin key: configured, or made at first start and kept in a file that only its owner can read.
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
  if (known === undefined && (await hasLiveAdmin(knex))) return { created: false };
  const key = known ?? (await writeKeyFile(file, dataDir));
  if (!(await hasKey(knex, key))) await storeOnce(knex, key);
  return { key, created: known === undefined };
}

// Two processes may start at once: the one that comes second finds the row there.
async function storeOnce(knex: Knex, key: string): Promise<void> {
  try {
    await createKey(knex, ADMIN, key);
  } catch (error) {
    if (!(await hasKey(knex, key))) throw error;
  }
}

// Linked into place whole: another process that starts now reads either nothing or all of it, and the first one wins.
async function writeKeyFile(file: string, dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${newKeyText()}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft);
  }
  return (await readFile(file, 'utf8')).trim();
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
