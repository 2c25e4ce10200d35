// The app for two tenants, on a database whose owner is no superuser: the wall between them holds for the engine too.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { startTestApp, type RunningApp, type TestAppOptions } from '../http/running-app.ts';
import { createEmptyDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';

export const TENANTS = ['acme', 'beta'] as const;
export type TenantName = (typeof TENANTS)[number];

export function otherThan(tenant: TenantName): TenantName {
  return tenant === 'acme' ? 'beta' : 'acme';
}

/** What only one tenant's rows and answers hold. */
export function markOf(tenant: TenantName): string {
  return `mark-of-${tenant}`;
}

export interface TenantWorld {
  /** Holds the role admin. */
  readonly key: string;
  /** A run that waits for an approval. */
  readonly runId: string;
  readonly approvalId: string;
  /** An action on no runs. */
  readonly bulkId: string;
}

export interface TwoTenants {
  readonly api: RunningApp;
  /** As the database's owner, who is no superuser. */
  readonly ownerUrl: string;
  /** As the server's superuser. */
  readonly superUrl: string;
  readonly of: Readonly<Record<TenantName, TenantWorld>>;
  stop(): Promise<void>;
}

const REVIEW = (tenant: TenantName): string => `
workflow: { name: review-${tenant}, version: 1.0.0, input: { type: object, properties: { note: { type: string } } } }
modules:
  - id: write
    activities:
      - name: draft
        tool: memory
        action: remember
        with: { key: "note", content: "${markOf(tenant)}" }
        compensation: forget
  - id: review
    type: approval
    depends_on: [write]
    approval: { title: "Keep ${markOf(tenant)}?", approvers: ["user:ann", "role:marketing-lead"], timeout: 1h, editable: [write.draft] }
`;

/** One act that reads, and is over at once. */
export const QUICK = `
workflow: { name: quick, version: 1.0.0 }
modules: [{ id: look, activities: [{ name: up, tool: memory, action: recall, with: { key: note } }] }]
output: { found: "\${{ outputs.look.up.items }}" }
`;

export async function openTwoTenants(name: string, options: TestAppOptions = {}): Promise<TwoTenants> {
  const superUrl = await createEmptyDatabase(name);
  const ownerUrl = await giveToOwner(superUrl);
  const api = await startTestApp(name, { ...options, databaseUrl: ownerUrl });
  const [acme, beta] = await Promise.all([furnish(api, 'acme'), furnish(api, 'beta')]);
  return { api, ownerUrl, superUrl, of: { acme, beta }, stop: async () => await api.stop() };
}

// A role may be granted what it administers: so the owner of a managed database is set up.
async function giveToOwner(superUrl: string): Promise<string> {
  const owner = `owner_${randomBytes(6).toString('hex')}`;
  const url = new URL(superUrl);
  await execute(
    inject('postgresUrl'),
    `create role ${owner} login createrole password '${owner}';
     grant breakwater_app to ${owner} with admin option;
     alter database ${url.pathname.slice(1)} owner to ${owner}`,
  );
  url.username = owner;
  url.password = owner;
  return url.href;
}

async function furnish(api: RunningApp, tenant: TenantName): Promise<TenantWorld> {
  const key = await api.keyFor(`admin-of-${tenant}`, ['admin'], { tenant });
  const headers = { 'content-type': 'application/yaml' };
  for (const body of [REVIEW(tenant), QUICK]) await api.call('/v1/definitions', { key, body, headers });
  const started = await api.call('/v1/runs', { key, body: { workflow: `review-${tenant}`, input: { note: 'n' } } });
  const { id: runId } = started.body as { id: string };
  const approvalId = await until(
    async () => {
      const { body } = await api.call('/v1/approvals', { key });
      return (body as { items: { id: string; runId: string }[] }).items.find((each) => each.runId === runId)?.id;
    },
    { what: 'the question' },
  );
  const nothing = { action: 'release', filter: { workflow: 'none-such' }, expectedCount: 0 };
  const asked = await api.call('/v1/runs/bulk', { key, body: nothing });
  return { key, runId, approvalId, bulkId: (asked.body as { id: string }).id };
}
