// Definitions as the outside sees them: published once, read, listed, previewed. Compiled plans are kept by hash.
import type { Knex } from 'knex';
import { z } from 'zod';
import { compareVersions, compileDefinition, coverageOf } from '../definitions/index.ts';
import type { Catalog, Plan } from '../definitions/index.ts';
import { BreakwaterError, decodeCursor, pageLimit, pageOfRows } from '../kernel/index.ts';
import type { Json, Problem } from '../kernel/index.ts';
import { forTenant, inTenant } from '../postgres/index.ts';
import { checkChildren } from './child-check.ts';
import { insertAudit } from './control-store.ts';
import { insertDefinition, listDefinitions, listVersions } from './definition-store.ts';
import { graphOf } from './history-view/run-graph.ts';
import type { ListedDefinition } from './definition-store.ts';
import { resolveDefinition, unknownDefinition } from './resolve-definition.ts';
import type { Actor, DefinitionView, Definitions, RunPreview } from './runs.ts';

type Format = 'yaml' | 'json';

const definitionPosition = z.object({ name: z.string(), version: z.string() });
const MEDIA_TYPES = { yaml: 'application/yaml', json: 'application/json' } as const;

export function createDefinitions(
  knex: Knex,
  catalog: Catalog,
  preview: (tenant: string, plan: Plan, input: Json) => RunPreview,
): Definitions {
  const resolve = async (tenant: string, name: string, version?: string) =>
    await inTenant(knex, tenant, async (trx) => await resolveDefinition(trx, tenant, name, version));
  return {
    publish: async (actor, source, format) =>
      await inTenant(knex, actor.tenant, async (trx) => await publish(trx, catalog, actor, source, format)),
    validate(source, format) {
      const { plan, warnings } = compile(catalog, source, format);
      const { name, version, hash, title } = plan;
      return { definition: { name, version, hash, title }, coverage: coverageOf(plan), warnings };
    },
    async list(tenant, page) {
      const limit = pageLimit(page.limit);
      const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, definitionPosition);
      const rows = await listDefinitions(forTenant(knex, tenant), tenant, { limit: limit + 1, after });
      const shown = pageOfRows(rows, limit, ({ name, version }) => ({ name, version }));
      return { ...shown, items: shown.items.map(viewOf) };
    },
    async versions(tenant, name) {
      const rows = await inTenant(knex, tenant, async (trx) => await versionsOf(trx, tenant, name));
      return rows.toSorted((a, b) => compareVersions(b.version, a.version)).map(viewOf);
    },
    async read(tenant, name, version) {
      const row = await resolve(tenant, name, version);
      const { source, media_type: mediaType, plan } = row;
      return { ...viewOf(row), source, mediaType, inputSchema: plan?.input ?? null, graph: graphOf(plan) };
    },
    async plan(tenant, name, input, version) {
      const row = await resolve(tenant, name, version);
      if (row.plan === null)
        throw new BreakwaterError('CONFLICT', `"${name}" is a coded workflow: its plan is its code.`);
      return preview(tenant, row.plan, input);
    },
  };
}

async function versionsOf(trx: Knex, tenant: string, name: string): Promise<ListedDefinition[]> {
  const rows = await listVersions(trx, tenant, name);
  if (rows.length === 0) throw await unknownDefinition(trx, tenant, name);
  return rows;
}

async function publish(trx: Knex.Transaction, catalog: Catalog, actor: Actor, source: string, format: Format) {
  const { plan, warnings } = compile(catalog, source, format);
  const { tenant, user } = actor;
  const { name, version, hash, title } = plan;
  const children = await checkChildren(trx, tenant, plan);
  if (children.problems.length > 0) throw refused(children.problems);
  const created = await insertDefinition(trx, {
    tenant,
    name,
    version,
    hash,
    title,
    plan,
    source,
    kind: 'yaml',
    media_type: MEDIA_TYPES[format],
    created_by: user,
  });
  if (created) {
    await insertAudit(trx, {
      tenant,
      actor: user,
      action: 'definition.publish',
      subject: name,
      data: { version, hash },
    });
  }
  const stored = await resolveDefinition(trx, tenant, name, version);
  if (stored.hash !== hash) {
    const message = `"${name}" ${version} exists with other content, and a version never changes: raise workflow.version.`;
    throw new BreakwaterError('CONFLICT', message);
  }
  return { definition: viewOf(stored), warnings: [...warnings, ...children.warnings], created };
}

function compile(catalog: Catalog, source: string, format: Format): { plan: Plan; warnings: readonly Problem[] } {
  const compiled = compileDefinition(source, { format, catalog });
  if (compiled.ok) return compiled;
  throw refused(compiled.problems);
}

function refused(problems: readonly Problem[]): BreakwaterError {
  const count = problems.length;
  const message = `The definition has ${count} ${count === 1 ? 'problem' : 'problems'}; nothing was stored.`;
  return new BreakwaterError('INVALID', message, { problems });
}

function viewOf(row: ListedDefinition): DefinitionView {
  const { name, version, hash, title, kind, created_at: createdAt } = row;
  return { name, version, hash, title, kind, createdAt: createdAt.toISOString() };
}
