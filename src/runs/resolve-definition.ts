// Which stored definition a name and perhaps a version mean: the highest where none is said, the nearest name where there is none.
import type { Knex } from 'knex';
import { compareVersions } from '../definitions/index.ts';
import { BreakwaterError, didYouMean } from '../kernel/index.ts';
import { findDefinition, listNames, listVersions } from './definition-store.ts';
import type { DefinitionRow, ListedDefinition, PinnedDefinition } from './definition-store.ts';
import { loadPinned } from './pinned-definition.ts';

/** The exact version, or without one the highest. */
export async function resolveDefinition(
  knex: Knex,
  tenant: string,
  name: string,
  version?: string,
): Promise<DefinitionRow> {
  const { version: wanted } = await resolveVersion(knex, tenant, name, version);
  const row = await findDefinition(knex, tenant, name, wanted);
  if (row) return row;
  throw await unknownDefinition(knex, tenant, name);
}

/** As {@link resolveDefinition}, for a run that is to be pinned to it: only which version it is, is asked each time. */
export async function resolvePinned(
  knex: Knex,
  tenant: string,
  name: string,
  version?: string,
): Promise<PinnedDefinition> {
  const listed = await resolveVersion(knex, tenant, name, version);
  const definition = await loadPinned(knex, { tenant, workflow: name, version: listed.version, hash: listed.hash });
  if (definition) return definition;
  throw await unknownDefinition(knex, tenant, name);
}

async function resolveVersion(knex: Knex, tenant: string, name: string, version?: string): Promise<ListedDefinition> {
  const versions = await listVersions(knex, tenant, name);
  if (versions.length === 0) throw await unknownDefinition(knex, tenant, name);
  const wanted =
    version ??
    versions
      .map((each) => each.version)
      .toSorted(compareVersions)
      .at(-1);
  const listed = versions.find((each) => each.version === wanted);
  if (listed) return listed;
  throw new BreakwaterError('NOT_FOUND', `"${name}" has no version ${version}.`);
}

export async function unknownDefinition(knex: Knex, tenant: string, name: string): Promise<BreakwaterError> {
  const names = await listNames(knex, tenant);
  return new BreakwaterError('NOT_FOUND', `No definition "${name}"${didYouMean(name, names) || '.'}`);
}
