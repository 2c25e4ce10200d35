// Who may call which route: what the probes of routes and paths expect. A route that is not here fails them.

export type RouteAccess =
  | 'public'
  | 'any'
  | 'author'
  | 'starter'
  | 'approver'
  | 'operator'
  | 'approver or operator'
  | 'admin';

/** Routes about all tenants at once: only keys of the installation's own tenant are let in, whatever their role. */
export const OF_THE_INSTALLATION: ReadonlySet<string> = new Set(['GET /metrics']);

/** Every route of the contract and who may call it. `any` is every role of ours; an operation that is not here fails the test. */
export const ROUTES: Readonly<Record<string, RouteAccess>> = {
  'GET /health': 'public',
  'GET /ready': 'public',
  'GET /approve/{token}': 'public',
  'POST /approve/{token}': 'public',
  // The dashboard's page, at every address that it draws, and its files.
  'GET /': 'public',
  'GET /runs': 'public',
  'GET /runs/{id}': 'public',
  'GET /failures': 'public',
  'GET /approvals': 'public',
  'GET /approvals/{id}': 'public',
  'GET /definitions': 'public',
  'GET /definitions/{name}': 'public',
  'GET /breakers': 'public',
  'GET /executors': 'public',
  'GET /attention': 'public',
  'GET /audit': 'public',
  'GET /assets/{file}': 'public',
  'GET /openapi.json': 'any',
  'GET /v1/me': 'any',
  'GET /metrics': 'any',
  'GET /v1/definitions': 'any',
  'POST /v1/definitions': 'author',
  'POST /v1/definitions/validate': 'author',
  'GET /v1/definitions/schema.json': 'any',
  'GET /v1/definitions/{name}': 'any',
  'GET /v1/definitions/{name}/versions/{version}': 'any',
  'POST /v1/definitions/{name}/plan': 'author',
  'GET /v1/runs': 'any',
  'POST /v1/runs': 'starter',
  'GET /v1/runs/count': 'any',
  'POST /v1/runs/bulk': 'operator',
  'GET /v1/runs/bulk/{id}': 'any',
  'GET /v1/runs/{id}': 'any',
  'GET /v1/runs/{id}/progress': 'any',
  'GET /v1/runs/{id}/history': 'any',
  'GET /v1/runs/{id}/timeline': 'any',
  'GET /v1/runs/{id}/graph': 'any',
  'GET /v1/runs/{id}/effects': 'any',
  'GET /v1/runs/{id}/events': 'any',
  'POST /v1/runs/{id}/cancel': 'operator',
  'POST /v1/runs/{id}/pause': 'operator',
  'POST /v1/runs/{id}/resume': 'operator',
  'POST /v1/runs/{id}/rewind': 'operator',
  'POST /v1/runs/{id}/fork': 'operator',
  'POST /v1/runs/{id}/compensate': 'operator',
  'POST /v1/runs/{id}/release': 'operator',
  'POST /v1/runs/{id}/decide': 'operator',
  'POST /v1/runs/{id}/messages/{topic}': 'starter',
  'GET /v1/approvals': 'any',
  'GET /v1/approvals/{id}': 'any',
  'GET /v1/approvals/{id}/content': 'any',
  'POST /v1/approvals/{id}/decisions': 'approver',
  'POST /v1/approvals/{id}/withdraw': 'operator',
  'POST /v1/approvals/{id}/reassign': 'approver or operator',
  'POST /v1/campaigns': 'starter',
  'GET /v1/campaigns/{id}': 'any',
  'GET /v1/workflows/{id}/progress': 'any',
  'POST /v1/workflows/{id}/signals/approve': 'approver',
  'POST /v1/workflows/{id}/signals/reject': 'approver',
  'POST /v1/workflows/{id}/signals/update_content': 'approver',
  'GET /v1/breakers': 'any',
  'POST /v1/breakers/{service}/open': 'operator',
  'POST /v1/breakers/{service}/close': 'operator',
  'GET /v1/adapters': 'any',
  'POST /v1/adapters/{tool}/execute': 'admin',
  'POST /v1/slack/interactions': 'public',
  'GET /v1/executors': 'operator',
  'GET /v1/audit': 'operator',
  'GET /v1/events': 'any',
  'GET /v1/leaks': 'any',
  'GET /v1/failures': 'any',
};
