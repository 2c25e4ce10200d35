// Asks for an action on many runs: which runs they are is written down in one transaction, with the audit; executors do the rest.
import type { Knex } from 'knex';
import { setTimeout as sleep } from 'node:timers/promises';
import { BreakwaterError, hashJson, uuidv7 } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import { forTenant, inTenant } from '../postgres/index.ts';
import { MAX_BULK, previewOf } from './bulk.ts';
import type { BulkActions, BulkRequest, BulkView, RunMatch } from './bulk.ts';
import { countByState, findBulk, findBulkByKey, insertBulk, insertBulkRuns, isOver } from './bulk-store.ts';
import type { BulkRow, NewBulk } from './bulk-store.ts';
import { insertAudit } from './control-store.ts';

const WAIT_POLL_MS = 100;

interface Asking {
  readonly tenant: string;
  readonly user: string;
}

export interface BulkOptions {
  /** Under the role of the API. */
  readonly knex: Knex;
  /** Called when there is something to do. */
  readonly onStart?: () => void;
}

export function createBulkActions({ knex, onStart = () => undefined }: BulkOptions): BulkActions {
  const get = async (tenant: string, id: string): Promise<BulkView> => {
    const row = await findBulk(forTenant(knex, tenant), id);
    if (!row) throw new BreakwaterError('NOT_FOUND', `No bulk action "${id}".`);
    return viewOf(row);
  };
  return {
    preview: async (tenant, { action, filter }) =>
      previewOf(action, await countByState(forTenant(knex, tenant), tenant, filter)),
    async start(actor, request) {
      const view = await startBulk(knex, actor, request);
      onStart();
      return view;
    },
    async get(tenant, id, timeoutMs = 0) {
      const deadline = performance.now() + timeoutMs;
      while (performance.now() < deadline && !(await isOver(forTenant(knex, tenant), id))) await sleep(WAIT_POLL_MS);
      return await get(tenant, id);
    },
  };
}

async function startBulk(knex: Knex, actor: Asking, request: BulkRequest): Promise<BulkView> {
  const { idempotencyKey = null, filter, expectedCount, reason, action } = request;
  const bulk: NewBulk = {
    id: `bulk_${uuidv7(Date.now())}`,
    tenant: actor.tenant,
    actor: actor.user,
    action,
    compensate: action === 'cancel' ? (request.compensate ?? true) : null,
    filter: filterJson(filter),
    reason: reason ?? null,
    count: expectedCount,
    idempotencyKey,
    requestDigest: digestOf(request),
  };
  return await inTenant(knex, actor.tenant, async (trx) => {
    if (!(await insertBulk(trx, bulk))) return await earlier(trx, bulk);
    refuseOtherCount(await insertBulkRuns(trx, bulk, filter), expectedCount);
    await insertAudit(trx, { ...actorOf(bulk), action: `runs.${action}`, subject: bulk.id, data: auditOf(bulk) });
    const row = await findBulk(trx, bulk.id);
    if (!row) throw new Error(`${bulk.id} was inserted and is not there`);
    return viewOf(row);
  });
}

async function earlier(trx: Knex.Transaction, { tenant, idempotencyKey, requestDigest }: NewBulk): Promise<BulkView> {
  const row = idempotencyKey === null ? undefined : await findBulkByKey(trx, tenant, idempotencyKey);
  if (row?.request_digest === requestDigest) return viewOf(row);
  throw new BreakwaterError(
    'CONFLICT',
    'The Idempotency-Key was used for another action; use a new key for a new one.',
  );
}

function refuseOtherCount(found: number, expected: number): void {
  if (found === expected) return;
  const runs = found > MAX_BULK ? `more than ${MAX_BULK} runs` : found === 1 ? '1 run' : `${found} runs`;
  const message = `The filter finds ${runs} now, not ${expected}: nothing was done. Look again, and ask with that count.`;
  const problems = [{ path: '/expectedCount', message: `is ${runs} now` }];
  throw new BreakwaterError('CONFLICT', message, { problems });
}

function actorOf({ tenant, actor }: NewBulk): { readonly tenant: string; readonly actor: string } {
  return { tenant, actor };
}

function auditOf({ filter, count, reason, compensate }: NewBulk): JsonObject {
  return { filter, count, reason, ...(compensate !== null && { compensate }) };
}

function digestOf({ action, filter, expectedCount, compensate, reason }: BulkRequest): string {
  const asked = { action, expectedCount, compensate: compensate ?? null, reason: reason ?? null };
  return hashJson({ bulk: asked, filter: filterJson(filter) });
}

function filterJson({ since, until, ...rest }: RunMatch): JsonObject {
  const given = { ...rest, since: since?.toISOString(), until: until?.toISOString() };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function viewOf(row: BulkRow): BulkView {
  const { id, action, actor: by, count, done, unchanged, refused, refusals } = row;
  return {
    id,
    action,
    by,
    count,
    done,
    unchanged,
    refused,
    left: count - done - unchanged - refused,
    refusals,
    createdAt: row.created_at.toISOString(),
    ...(row.compensate !== null && { compensate: row.compensate }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.finished_at !== null && { finishedAt: row.finished_at.toISOString() }),
  };
}
