// The table breakwater.definition: immutable versions with their source and compiled plan.
import type { Knex } from 'knex';
import type { Plan } from '../definitions/index.ts';

export interface DefinitionRow {
  readonly tenant: string;
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  readonly title: string;
  readonly kind: 'yaml' | 'coded';
  readonly source: string | null;
  readonly media_type: string | null;
  readonly plan: Plan | null;
  readonly created_by: string;
  readonly created_at: Date;
}

export type NewDefinition = Omit<DefinitionRow, 'created_at'>;

const LISTED = ['name', 'version', 'hash', 'title', 'kind', 'created_at'] as const;
export type ListedDefinition = Pick<DefinitionRow, (typeof LISTED)[number]>;

/** False when that version is there already, whatever its content. */
export async function insertDefinition(knex: Knex, definition: NewDefinition): Promise<boolean> {
  const inserted = await definitions(knex)
    .insert({ ...definition, plan: definition.plan === null ? null : JSON.stringify(definition.plan) })
    .onConflict(['tenant', 'name', 'version'])
    .ignore()
    .returning('name');
  return inserted.length > 0;
}

export async function findDefinition(
  knex: Knex,
  tenant: string,
  name: string,
  version: string,
): Promise<DefinitionRow | undefined> {
  return await definitions(knex).first<DefinitionRow>('*').where({ tenant, name, version });
}

/** What of a definition runs need. */
export type PinnedDefinition = Pick<DefinitionRow, 'name' | 'version' | 'hash' | 'plan'>;

export async function findPinned(
  knex: Knex,
  tenant: string,
  name: string,
  version: string,
): Promise<PinnedDefinition | undefined> {
  return await definitions(knex)
    .first<PinnedDefinition>('name', 'version', 'hash', 'plan')
    .where({ tenant, name, version });
}

export async function listVersions(knex: Knex, tenant: string, name: string): Promise<ListedDefinition[]> {
  return await definitions(knex)
    .select<ListedDefinition[]>(...LISTED)
    .where({ tenant, name });
}

export async function listDefinitions(
  knex: Knex,
  tenant: string,
  page: { limit: number; after?: { name: string; version: string } },
): Promise<ListedDefinition[]> {
  const query = definitions(knex)
    .select<ListedDefinition[]>(...LISTED)
    .where({ tenant })
    .orderBy(['name', 'version'])
    .limit(page.limit);
  if (page.after) void query.whereRaw('(name, version) > (?, ?)', [page.after.name, page.after.version]);
  return await query;
}

export async function listNames(knex: Knex, tenant: string): Promise<string[]> {
  const rows = await definitions(knex).distinct<{ name: string }[]>('name').where({ tenant });
  return rows.map((row) => row.name);
}

function definitions(knex: Knex) {
  return knex.withSchema('breakwater').table('definition');
}
