// How each route is called well: its path for objects of one tenant, and a body that passes its schema.
import { QUICK, type TenantName, type TenantWorld } from './two-tenants.ts';

const NO_RUN = 'run_00000000-0000-7000-8000-000000000000';
const NO_BULK = 'bulk_00000000-0000-7000-8000-000000000000';
const NO_APPROVAL = 'apr_00000000-0000-7000-8000-000000000000';

/** Objects of a tenant that exist, or that could be its own and are nowhere. */
export interface Objects {
  readonly runId: string;
  readonly approvalId: string;
  readonly bulkId: string;
  readonly definition: string;
}

export function objectsOf(tenant: TenantName, { runId, approvalId, bulkId }: TenantWorld): Objects {
  return { runId, approvalId, bulkId, definition: `review-${tenant}` };
}

export const NOTHING: Objects = { runId: NO_RUN, approvalId: NO_APPROVAL, bulkId: NO_BULK, definition: 'none-such' };

/** Does the route name an object of a tenant, in its path or its body? */
export function namesObject(route: string): boolean {
  return /\{(?:id|name)\}/.test(route) || route === 'POST /v1/runs';
}

export function pathOf(route: string, { runId, approvalId, bulkId, definition }: Objects): string {
  const [, template = ''] = route.split(' ');
  const named = template.startsWith('/v1/runs/bulk') ? bulkId : runId;
  const params: Readonly<Record<string, string>> = {
    id: template.startsWith('/v1/approvals') ? approvalId : named,
    name: definition,
    version: '1.0.0',
    service: 'github',
    tool: 'memory',
    topic: 'signed',
    token: 'none-such',
  };
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? name);
}

const BODIES: Readonly<Record<string, (objects: Objects) => unknown>> = {
  'POST /v1/definitions': () => QUICK,
  'POST /v1/definitions/validate': () => QUICK,
  'POST /v1/definitions/{name}/plan': () => ({ input: {} }),
  'POST /v1/runs': ({ definition }) => ({ workflow: definition, input: {} }),
  'POST /v1/runs/bulk': () => ({ action: 'release', filter: { workflow: 'none-such' }, expectedCount: 0 }),
  'POST /v1/runs/{id}/rewind': () => ({ node: 'write.draft' }),
  'POST /v1/runs/{id}/fork': () => ({ node: 'write.draft' }),
  'POST /v1/runs/{id}/decide': () => ({ node: 'write.draft', decision: 'retry' }),
  'POST /v1/approvals/{id}/decisions': () => ({ decision: 'approve' }),
  'POST /v1/approvals/{id}/reassign': () => ({ approvers: ['user:eve'], reason: 'probe' }),
  'POST /v1/workflows/{id}/signals/update_content': () => ({ content_id: 'write.draft', new_content: { key: 'x' } }),
  'POST /v1/breakers/{service}/open': () => ({ reason: 'probe', for: '1s' }),
  'POST /v1/breakers/{service}/close': () => ({ reason: 'probe', for: '1s' }),
  'POST /v1/adapters/{tool}/execute': () => ({ action: 'recall', arguments: { key: 'note' } }),
};

/** Headers and body of a call that passes the route's schema. */
export function bodyOf(route: string, objects: Objects): { headers: Record<string, string>; body?: string } {
  if (!route.startsWith('POST')) return { headers: {} };
  const body = BODIES[route]?.(objects) ?? {};
  const type = typeof body === 'string' ? 'application/yaml' : 'application/json';
  const headers = { 'content-type': type, 'idempotency-key': `probe ${objects.runId}` };
  return { headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
}
