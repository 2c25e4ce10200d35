// Puts the service together that http/ and cli/ talk to.
import type { Knex } from 'knex';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { previewPlan, validateInput } from '../definitions/index.ts';
import type { Plan } from '../definitions/index.ts';
import { openStarts } from '../durable/index.ts';
import { forTenant, inTenant, timestampText } from '../postgres/index.ts';
import { BreakwaterError, decodeCursor, isJsonObject, pageLimit, pageOfRows } from '../kernel/index.ts';
import type { Clock, Json, JsonObject, Page } from '../kernel/index.ts';
import { breakerTenant, plainJson, serviceOf } from '../tools/index.ts';
import type { Registry } from '../tools/index.ts';
import { createBulkActions } from './bulk-actions.ts';
import { listChildren } from './child-store.ts';
import type { CodedWorkflows } from './coded-workflow.ts';
import { amend, decide, sendMessage } from './control-run.ts';
import { forkRun } from './fork-run.ts';
import { compensateRun, decideNode, rewindRun } from './reopen-run.ts';
import { createDefinitions } from './definition-catalog.ts';
import { effectPage, leakPage } from './effects.ts';
import { cancelRun, pauseRun, releaseRun, resumeRun } from './operate-run.ts';
import { loadPinned } from './pinned-definition.ts';
import { channelsOf } from './plan-channels.ts';
import { missingSecrets } from './plan-secrets.ts';
import { besideRuns } from './run-list-store.ts';
import { RUN_COMPANION, countRuns, executorOf, findRun, listActivities, listRuns } from './run-store.ts';
import type { RunRow } from './run-store.ts';
import { progressView, runView } from './run-view.ts';
import { isFinal } from './runs.ts';
import type { Actor, RunFilter, RunView, Runs } from './runs.ts';
import { waitingNow } from './history-view/waiting-now.ts';
import { isSandboxed, refuseInput, startRun } from './start-run.ts';

const runPosition = z.object({ at: timestampText, id: z.string().regex(/^run_[0-9a-f-]{36}$/) });

/** How often a held answer looks whether its run is final. */
const WAIT_POLL_MS = 100;

export interface RunsOptions {
  /** Under the role of the API. */
  readonly knex: Knex;
  readonly registry: Registry;
  readonly coded: CodedWorkflows;
  /** The database's. */
  readonly clock: Clock;
  /** Called when an action on many runs was asked for: an executor carries it out. */
  readonly onBulk?: () => void;
}

/** No list is counted further. */
const MAX_COUNT = 100_000;

export function createRuns({ knex, registry, coded, clock, onBulk }: RunsOptions): Runs {
  const startTogether = openStarts(knex, RUN_COMPANION);
  const of = ({ tenant }: Pick<Actor, 'tenant'>) => forTenant(knex, tenant);
  const get = async (tenant: string, id: string): Promise<RunView> =>
    await inTenant(knex, tenant, async (trx) => await viewRun(trx, await findOrRefuse(trx, tenant, id)));
  return {
    definitions: createDefinitions(knex, registry.catalog, (tenant, plan, input) =>
      preview(plan, input, registry, tenant),
    ),
    start: async (actor, request) =>
      await startRun({ knex: of(actor), registry, coded, clock, startTogether }, actor, request),
    get,
    async waitFor(tenant, id, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const row = await findOrRefuse(of({ tenant }), tenant, id);
        const remainingMs = deadline - performance.now();
        if (isFinal(row.status) || remainingMs <= 0) return await get(tenant, id);
        await sleep(Math.min(WAIT_POLL_MS, remainingMs));
      }
    },
    list: async (tenant, filter) => await inTenant(knex, tenant, async (trx) => await listPage(trx, tenant, filter)),
    async count(tenant, match) {
      const found = await countRuns(of({ tenant }), tenant, match, MAX_COUNT + 1);
      return { count: Math.min(found, MAX_COUNT), more: found > MAX_COUNT };
    },
    bulk: createBulkActions({ knex, onStart: onBulk }),
    progress: async (tenant, id) =>
      await inTenant(knex, tenant, async (trx) => {
        const row = await findOrRefuse(trx, tenant, id);
        const definition = await loadPinned(trx, row);
        return progressView(row, definition?.plan ?? null, await listActivities(trx, id), clock.now());
      }),
    effects: async (tenant, id, page) =>
      await inTenant(knex, tenant, async (trx) => {
        await findOrRefuse(trx, tenant, id);
        return await effectPage(trx, id, page);
      }),
    leaks: async (tenant, filter) => await inTenant(knex, tenant, async (trx) => await leakPage(trx, tenant, filter)),
    async cancel(actor, id, options) {
      await cancelRun(of(actor), actor, id, options);
      return await get(actor.tenant, id);
    },
    async pause(actor, id, options) {
      await pauseRun(of(actor), actor, id, options);
      return await get(actor.tenant, id);
    },
    async resume(actor, id, options) {
      await resumeRun(of(actor), actor, id, options);
      return await get(actor.tenant, id);
    },
    async decideNode(actor, id, request) {
      await decideNode({ knex: of(actor), registry, clock }, actor, id, request);
      return await get(actor.tenant, id);
    },
    async compensate(actor, id, options) {
      await compensateRun({ knex: of(actor), clock }, actor, id, options);
      return await get(actor.tenant, id);
    },
    async rewind(actor, id, options) {
      await rewindRun({ knex: of(actor), registry, clock }, actor, id, options);
      return await get(actor.tenant, id);
    },
    async fork(actor, id, request) {
      return await get(actor.tenant, await forkRun({ knex: of(actor), registry, clock, coded }, actor, id, request));
    },
    async release(actor, id, options) {
      await releaseRun(of(actor), actor, id, options);
      return await get(actor.tenant, id);
    },
    send: async (actor, id, topic, message, key) =>
      await sendMessage({ knex: of(actor), coded }, actor, { id, topic, message, key }),
    amend: async (actor, approvalId, edits) => await amend(of(actor), registry, actor, approvalId, edits),
    decide: async (actor, approvalId, request, via) =>
      await decide(of(actor), registry, actor, approvalId, request, via),
  };
}

// Without an input the preview shows what depends on it as unresolved.
function preview(plan: Plan, input: Json, registry: Registry, tenant: string): JsonObject {
  const given = !isJsonObject(input) || Object.keys(input).length > 0;
  if (given) refuseInput(plan, validateInput(plan, input).problems);
  const missing = registry
    .tools()
    .filter(({ connection }) => connection.state === 'missing')
    .map(({ tool }) => tool.name);
  const used = new Set(plan.nodes.flatMap((node) => (node.kind === 'activity' ? [node.tool] : [])));
  const shown = plainJson({
    ...previewPlan(plan, input, registry.catalog),
    missingCredentials: missing.filter((tool) => used.has(tool)),
    missingSecrets: missingSecrets(registry, plan, tenant),
    breakers: breakersOf(plan, registry, tenant),
    channels: channelsOf(registry, plan),
    sandboxed: isSandboxed(registry, plan),
  });
  if (!isJsonObject(shown)) throw new TypeError('a preview is an object');
  return shown;
}

// As this process knows them at this moment.
function breakersOf(plan: Plan, registry: Registry, tenant: string) {
  const { breakers } = registry;
  if (!breakers) return [];
  const acts = plan.nodes.flatMap((node) => (node.kind === 'activity' ? [node, node.compensation ?? node] : []));
  const services = acts.flatMap(({ tool, breaker }) => {
    const connected = registry.get(tool);
    return (connected && serviceOf(connected.tool, breaker)) ?? [];
  });
  return [...new Set(services)].map((service) => ({
    service,
    state: breakers.stateOf(breakerTenant(registry, service, tenant), service),
  }));
}

async function findOrRefuse(knex: Knex, tenant: string, id: string): Promise<RunRow> {
  const row = await findRun(knex, tenant, id);
  if (!row) throw new BreakwaterError('NOT_FOUND', `No run "${id}".`);
  return row;
}

async function viewRun(knex: Knex, row: RunRow): Promise<RunView> {
  const [activities, executor, children, waiting] = await Promise.all([
    listActivities(knex, row.id),
    executorOf(knex, row.id),
    listChildren(knex, row.id),
    waitingNow(knex, row),
  ]);
  const attempts = activities.reduce((sum, { attempts: count }) => sum + Number(count), 0);
  const view = runView(row, { attempts, executor, children: [...children.values()] });
  return waiting === undefined ? view : { ...view, waiting };
}

async function listPage(knex: Knex, tenant: string, filter: RunFilter): Promise<Page<RunView>> {
  const limit = pageLimit(filter.limit);
  const before = filter.cursor === undefined ? undefined : decodeCursor(filter.cursor, runPosition);
  const rows = await listRuns(knex, tenant, { ...filter, limit: limit + 1, before });
  const page = pageOfRows(rows, limit, ({ position, id }) => ({ at: position, id }));
  const beside = await besideRuns(
    knex,
    page.items.map(({ id }) => id),
  );
  return { ...page, items: page.items.map((row) => runView(row, beside(row.id))) };
}
