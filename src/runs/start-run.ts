// Starts a run: input checked, run row and workflow row in one transaction, the same idempotency key the same run (K11).
import type { Knex } from 'knex';
import { validateInput } from '../definitions/index.ts';
import type { Plan } from '../definitions/index.ts';
import { executesHere, startInTransaction } from '../durable/index.ts';
import type { Inserted, StartTogether } from '../durable/index.ts';
import { BreakwaterError, hashJson, newRunId, parseTraceparent, traceparentOf } from '../kernel/index.ts';
import type { Clock, Json, Problem } from '../kernel/index.ts';
import type { Registry } from '../tools/index.ts';
import type { CodedWorkflows } from './coded-workflow.ts';
import { resolvePinned } from './resolve-definition.ts';
import { RUN_WORKFLOW } from './run-input.ts';
import type { RunInput } from './run-input.ts';
import { whileNewborn } from './newborn.ts';
import { missingSecrets, refuseMissing } from './plan-secrets.ts';
import type { PinnedDefinition } from './definition-store.ts';
import { findByIdempotencyKey, insertRun } from './run-store.ts';
import type { NewRun, RunRow } from './run-store.ts';
import type { Actor, Priority, RunStatus, StartRequest, StartedRun } from './runs.ts';

/** Places on the run queue, the lowest first. */
export const QUEUE_PLACE: Readonly<Record<Priority, number>> = { critical: 0, high: 1, normal: 2, low: 3 };

export interface Starter {
  readonly knex: Knex;
  readonly registry: Registry;
  readonly coded: CodedWorkflows;
  readonly clock: Clock;
  readonly startTogether: StartTogether<NewRun>;
}

export async function startRun(
  starter: Starter,
  actor: Actor,
  request: StartRequest,
): Promise<{ run: StartedRun; created: boolean }> {
  const { knex, clock } = starter;
  const definition = await resolvePinned(knex, actor.tenant, request.workflow, request.version);
  const input = checkedInput(starter.coded, definition, request.input);
  await refuseWithoutSecrets(starter, actor, definition, request);
  const digest = digestOf(definition, request);
  const id = newRunId(clock.now());
  const priority = request.priority ?? definition.plan?.priority ?? 'normal';
  const status: RunStatus = executesHere() ? 'running' : 'queued';
  const { name: workflow, version, hash } = definition;
  const run: NewRun = {
    id,
    tenant: actor.tenant,
    workflow,
    version,
    hash,
    input,
    status,
    priority,
    labels: request.labels ?? {},
    requester: actor.user,
    sandboxed: isSandboxed(starter.registry, definition.plan),
    idempotencyKey: request.idempotencyKey ?? null,
    requestDigest: digest,
    startedAt: new Date(clock.now()),
    traceparent: kept(request.traceparent),
  };
  const inserted = await insert(starter, run);
  if (!inserted) return { run: await earlierRun(knex, actor.tenant, request, digest), created: false };
  if (status === 'running') await whileNewborn(run, async () => await inserted.begin());
  return { run: { id, workflow, version, hash, status }, created: true };
}

// Only what can be gone on from.
function kept(traceparent = ''): string | null {
  const place = parseTraceparent(traceparent);
  return place ? traceparentOf(place) : null;
}

// Together with whatever else starts now, or alone. Undefined when the idempotency key already names a run.
async function insert({ knex, startTogether }: Starter, run: NewRun): Promise<Inserted | undefined> {
  const { id, tenant, workflow, version, hash, input, priority } = run;
  const argument: RunInput = { tenant, workflow, version, hash, input };
  const start = { runId: id, name: RUN_WORKFLOW, input: argument, priority: QUEUE_PLACE[priority] };
  const together = await startTogether(start, run);
  if (together) return together;
  return await knex.transaction(async (trx) =>
    (await insertRun(trx, run)) ? await startInTransaction(trx, start) : undefined,
  );
}

// An api process may hold none and leave them to workers. A run that was started already is answered as it was.
async function refuseWithoutSecrets(
  { knex, registry }: Starter,
  { tenant }: Actor,
  { plan }: PinnedDefinition,
  { idempotencyKey }: StartRequest,
): Promise<void> {
  const isKnown = registry.secrets.isConfigured || executesHere();
  const missing = plan && isKnown ? missingSecrets(registry, plan, tenant) : [];
  if (!plan || missing.length === 0) return;
  const earlier = idempotencyKey === undefined ? undefined : await findByIdempotencyKey(knex, tenant, idempotencyKey);
  if (!earlier) refuseMissing(plan, missing);
}

export function checkedInput(coded: CodedWorkflows, definition: PinnedDefinition, input: Json): Json {
  const checked = definition.plan ? validateInput(definition.plan, input) : coded.checkInput(definition, input);
  refuseInput(definition, checked.problems);
  return checked.value;
}

export function refuseInput({ name, version }: { name: string; version: string }, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new BreakwaterError('INVALID', `The input does not fit "${name}" ${version}.`, { problems });
}

// The version asked for, not the one it meant today: a repeat after a new version must still find its run.
function digestOf(definition: PinnedDefinition, { version, input, priority, labels }: StartRequest): string {
  return hashJson({
    workflow: definition.name,
    version: version ?? null,
    input,
    priority: priority ?? null,
    labels: labels ?? {},
  });
}

/** Does any of its tools talk to a double because it has no credentials? */
export function isSandboxed(registry: Registry, plan: Plan | null): boolean {
  const names = new Set(plan?.nodes.flatMap((node) => (node.kind === 'activity' ? [node.tool] : [])));
  return registry
    .tools()
    .some(({ tool, connection }) => names.has(tool.name) && connection.state === 'connected' && connection.sandboxed);
}

async function earlierRun(
  knex: Knex,
  tenant: string,
  { idempotencyKey }: StartRequest,
  digest: string,
): Promise<StartedRun> {
  const row = await findEarlier(knex, tenant, { idempotencyKey, digest });
  if (!row) throw new Error('a run was not inserted although no earlier one holds its idempotency key');
  return startedRun(row);
}

/** The run that this key began, by the same request: by another one it is a CONFLICT. */
export async function findEarlier(
  knex: Knex,
  tenant: string,
  { idempotencyKey, digest }: { readonly idempotencyKey: string | undefined; readonly digest: string },
): Promise<RunRow | undefined> {
  const row = idempotencyKey === undefined ? undefined : await findByIdempotencyKey(knex, tenant, idempotencyKey);
  if (row && row.request_digest !== digest) {
    const message = `The Idempotency-Key was used for run ${row.id} with another body; use a new key for a new run.`;
    throw new BreakwaterError('CONFLICT', message);
  }
  return row;
}

function startedRun({ id, workflow, version, hash, status }: RunRow): StartedRun {
  return { id, workflow, version, hash, status };
}
