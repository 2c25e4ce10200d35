// Begins the run of a child node in one transaction with the record that it began, under an id that a repeat would give it again.
import type { Knex } from 'knex';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChildNode } from '../definitions/index.ts';
import { runTransaction, startInTransaction } from '../durable/index.ts';
import type { Inserted } from '../durable/index.ts';
import { BreakwaterError, failure, hashJson, messageOf, sha256, traceparentOf, uuidOf } from '../kernel/index.ts';
import type { Failure, Json } from '../kernel/index.ts';
import { epochOf } from './amendments.ts';
import { saveParent } from './child-store.ts';
import { holdControl, insertAudit, writeControl } from './control-store.ts';
import type { Control } from './control-store.ts';
import { resolvePinned } from './resolve-definition.ts';
import type { RunContext } from './environment.ts';
import { insertEvent } from './event-store.ts';
import { whileNewborn } from './newborn.ts';
import { MAX_DEPTH, RUN_WORKFLOW } from './run-input.ts';
import type { ParentRun, RunInput } from './run-input.ts';
import { insertRun } from './run-store.ts';
import { placeOf } from './run-trace.ts';
import type { NewRun } from './run-store.ts';
import { QUEUE_PLACE, checkedInput, isSandboxed } from './start-run.ts';
import { openId } from './step-layout.ts';
import { tell } from './tell.ts';

/** Outside of every run: what begins there is no part of the run that begins it. */
const outside = AsyncLocalStorage.snapshot();

/** `withdrawn`: the run was told to cancel before it could begin another. */
export type Begun = { readonly runId: string } | { readonly error: Failure } | { readonly withdrawn: true };

function childRunId(parentRun: string, node: string, epoch: number): string {
  return `run_${uuidOf(sha256(`${parentRun}\n${node}\n${epoch}`))}`;
}

interface InsertedChild {
  readonly run: NewRun;
  readonly start: Inserted;
  /** It is told to pause before it begins. */
  readonly isPaused: boolean;
}

/**
 * Which version it is pinned to is decided here, once. Whoever pauses or cancels the run that begins it waits for this transaction, and
 * finds the child; or was first, and is heard here.
 */
export async function startChild(context: RunContext, node: ChildNode, input: Json): Promise<Begun> {
  let inserted: InsertedChild | undefined;
  const begun = await runTransaction<Begun>(openId(node), `${node.id} open`, async (trx) => {
    const { pause, cancel } = await holdControl(trx, context.facts.id);
    if (cancel) return { withdrawn: true };
    const made = await newChild(context, trx, node, input);
    if ('error' in made) return made;
    inserted = { run: made.run, start: await insertChild(trx, made), isPaused: pause !== undefined };
    if (pause) await pauseChild(trx, made.run, pause);
    return { runId: made.run.id };
  });
  if (inserted) await begin(context, inserted);
  return begun;
}

interface NewChild {
  readonly run: NewRun;
  readonly parent: ParentRun;
}

async function newChild(
  context: RunContext,
  trx: Knex.Transaction,
  node: ChildNode,
  given: Json,
): Promise<NewChild | { readonly error: Failure }> {
  const { facts, coded, registry, requester, clock } = context;
  const depth = (context.parent?.depth ?? 0) + 1;
  if (depth > MAX_DEPTH) return { error: failure('CHILD_DEPTH', `runs begin each other ${MAX_DEPTH} deep at most`) };
  try {
    const definition = await resolvePinned(trx, facts.tenant, node.workflow, node.version);
    const { name: workflow, version, hash, plan } = definition;
    const input = checkedInput(coded, definition, given);
    const epoch = epochOf(context.amended, node.id);
    const run: NewRun = {
      id: childRunId(facts.id, node.id, epoch),
      tenant: facts.tenant,
      workflow,
      version,
      hash,
      input,
      status: 'running',
      priority: context.priority,
      labels: {},
      requester,
      sandboxed: isSandboxed(registry, plan),
      idempotencyKey: null,
      requestDigest: hashJson({ workflow, version, input }),
      startedAt: new Date(clock.now()),
      traceparent: traceparentOf(placeOf(context, node)),
    };
    return { run, parent: { runId: facts.id, node: node.id, epoch, depth } };
  } catch (error) {
    if (error instanceof BreakwaterError) return { error: refusal(node, error) };
    throw error;
  }
}

// Nothing was begun: no such workflow, no such version, an input that does not fit.
function refusal(node: ChildNode, { message, problems }: BreakwaterError): Failure {
  const list = problems.map(({ path, message: problem }) => `${path || '/'}: ${problem}`).join('; ');
  return failure(
    'CHILD_REFUSED',
    `"${node.id}" cannot run "${node.workflow}": ${message}${list === '' ? '' : ` ${list}`}`,
  );
}

async function insertChild(trx: Knex.Transaction, { run, parent }: NewChild): Promise<Inserted> {
  const { id, tenant, workflow, version, hash, input, priority } = run;
  await insertRun(trx, run);
  await saveParent(trx, id, parent);
  const argument: RunInput = { tenant, workflow, version, hash, input, parent };
  return await startInTransaction(trx, {
    runId: id,
    name: RUN_WORKFLOW,
    input: argument,
    priority: QUEUE_PLACE[priority],
  });
}

// As the pause of its parent would have, had it come a moment later.
async function pauseChild(
  trx: Knex.Transaction,
  { id, tenant }: NewRun,
  { by, reason, at }: NonNullable<Control['pause']>,
): Promise<void> {
  const pause = { by, reason, at };
  await writeControl(trx, id, { pause });
  await insertEvent(trx, { tenant, runId: id, kind: 'control.pause', data: pause });
  await insertAudit(trx, { tenant, actor: by, action: 'run.pause', subject: id, data: pause });
}

// It has begun for good: should this fail, the audit finds that nobody runs it. Of one that is paused the row must be read.
async function begin(context: RunContext, { run, start, isPaused }: InsertedChild): Promise<void> {
  try {
    await outside(async () => {
      if (isPaused) await start.begin();
      else await whileNewborn(run, async () => await start.begin());
    });
  } catch (error) {
    tell(context, 'warn', 'child.begin_failed', { child: run.id, error: messageOf(error) });
  }
}
