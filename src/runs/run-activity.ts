// Runs an activity node to its result: one act, or one an item of its list; arguments are resolved here and errors in them are its failure.
import { evaluateList, renderTemplate } from '../definitions/index.ts';
import type { ActivityNode, CompensationPlan, Scope } from '../definitions/index.ts';
import { openBranches, runStep } from '../durable/index.ts';
import { FailureError, failure, idempotencyKey, isJsonObject, mergePatch } from '../kernel/index.ts';
import type { Failure, Json, JsonObject, Outcome, SecretPlace } from '../kernel/index.ts';
import { actName } from './act.ts';
import { secretsOf } from './act-secrets.ts';
import { epochOf, patchOf } from './amendments.ts';
import { undoNameOf } from './effect-note.ts';
import type { RunContext } from './environment.ts';
import type { FinalCheckpoint, NodeResult } from './node-result.ts';
import { resultOf } from './node-result.ts';
import { joinParking } from './parking.ts';
import type { Parking } from './parking.ts';
import { cutShortError, performAct } from './perform-act.ts';
import { placeOf } from './run-trace.ts';
import { actIds, settledId } from './step-layout.ts';

/** Everything an activity's act needs that is not in the plan. */
export interface ActivityRun {
  readonly node: ActivityNode;
  readonly scope: Scope;
  /** The node was ready before this execution began. */
  readonly suspect: boolean;
  /** Cuts attempts in flight short; its reason is a {@link CutShort}. */
  readonly signal: AbortSignal;
  /** The run is turning round: no attempt follows the one in flight. */
  readonly ending: AbortSignal;
  /** Told when the node waits for a service that is down. */
  readonly parking?: Parking;
}

/** The node's result, or undefined when it was cut short before anything was sent. */
export async function runActivity(context: RunContext, activity: ActivityRun): Promise<NodeResult | undefined> {
  const settled = context.record.read<FinalCheckpoint>(settledId(activity.node));
  if (settled && (!settled.outcome.ok || settled.byHand)) return resultOf(settled);
  if (activity.node.forEach) return await runForEach(context, activity, activity.node.forEach);
  const checkpoint = await runItem(context, activity, activity.scope);
  return checkpoint && resultOf(checkpoint);
}

/** Records that a node is settled without an attempt: skipped, or failed before it could start. */
export async function settle(
  context: RunContext,
  node: { id: string },
  id: number,
  outcome: FinalCheckpoint['outcome'],
): Promise<NodeResult> {
  const checkpoint = await runStep<FinalCheckpoint>(id, node.id, async () => ({
    outcome,
    finishedAt: context.clock.now(),
  }));
  return resultOf(checkpoint);
}

/** A node whose arguments are data already, as code gives them: never read as a template. */
export interface ResolvedNode extends ActivityNode {
  readonly args: JsonObject;
  readonly secrets: readonly SecretPlace[];
}

/** As {@link ResolvedNode}, of an undo. */
export interface ResolvedCompensation extends CompensationPlan {
  readonly args: JsonObject;
  readonly secrets: readonly SecretPlace[];
}

/** The arguments of an act under `scope`, as an operator may have changed them. Throws FailureError when they cannot be resolved. */
export function argumentsOf(
  { amended }: Pick<RunContext, 'amended'>,
  node: ActivityNode | ResolvedNode,
  scope: Scope,
  item?: number,
): JsonObject {
  const written = 'args' in node ? node.args : renderTemplate(node.with, scope);
  const patch = patchOf(amended, node.id, item);
  const args = patch ? mergePatch(written, patch) : written;
  if (!isJsonObject(args)) throw new TypeError(`arguments of ${node.id} are no object`);
  return args;
}

export function actKey(
  { facts, amended }: Pick<RunContext, 'facts' | 'amended'>,
  node: ActivityNode,
  item: number | undefined,
  undo = false,
): string {
  return idempotencyKey({ runId: facts.id, nodeId: node.id, item, epoch: epochOf(amended, node.id, item), undo });
}

async function runItem(
  context: RunContext,
  activity: ActivityRun,
  scope: Scope,
  item?: number,
): Promise<FinalCheckpoint | undefined> {
  const { node, suspect, signal, ending, parking } = activity;
  let args: JsonObject;
  try {
    args = argumentsOf(context, node, scope, item);
  } catch (error) {
    return await failed(context, activity, item, expressionFailure(error));
  }
  return await performAct(context, {
    stepName: actName(node, item),
    ids: actIds(node, item),
    tool: node.tool,
    action: node.action,
    args,
    secrets: secretsOf(node),
    takenBackBy: undoNameOf(node),
    epoch: epochOf(context.amended, node.id, item),
    key: actKey(context, node, item),
    retry: node.retry,
    timeoutMs: node.timeoutMs,
    heartbeatMs: node.heartbeatMs,
    suspect,
    signal,
    ending,
    place: placeOf(context, node),
    breaker: node.breaker,
    parking,
  });
}

// Offset 0 of an item is free, as attempts count from 1.
async function failed(
  context: RunContext,
  { node }: ActivityRun,
  item: number | undefined,
  error: Failure,
): Promise<FinalCheckpoint> {
  const id = item === undefined ? settledId(node) : actIds(node, item).base;
  return await runStep<FinalCheckpoint>(id, actName(node, item), async () => ({
    outcome: { ok: false, error },
    finishedAt: context.clock.now(),
  }));
}

/** The failure inside an error that an expression threw; anything else is a defect and goes on. */
export function expressionFailure(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  throw error;
}

async function runForEach(
  context: RunContext,
  activity: ActivityRun,
  list: NonNullable<ActivityNode['forEach']>,
): Promise<NodeResult | undefined> {
  const { node, scope, signal } = activity;
  let items: readonly Json[];
  try {
    items = evaluateList(list, scope);
  } catch (error) {
    return await settle(context, node, settledId(node), { ok: false, error: expressionFailure(error) });
  }
  const checkpoints = await runItems(context, activity, items);
  const results = items.map((_, item) => checkpoints.get(item));
  if (results.includes(undefined) && signal.aborted && checkpoints.size === 0) return undefined;
  const outcome = outcomeOfItems(activity, results);
  const checkpoint = await runStep<FinalCheckpoint>(settledId(node), node.id, async () => ({
    // The items' own checkpoints hold their values: the node's would only repeat them.
    outcome: outcome.ok ? { ok: true, value: null } : outcome,
    items: items.length,
    finishedAt: context.clock.now(),
  }));
  return { ...resultOf(checkpoint), value: outcome.ok ? outcome.value : null };
}

// In input order, at most `maxParallel` at once. All settle, whatever fails.
async function runItems(
  context: RunContext,
  activity: ActivityRun,
  items: readonly Json[],
): Promise<Map<number, FinalCheckpoint>> {
  const branches = openBranches<number, FinalCheckpoint | undefined>();
  const done = new Map<number, FinalCheckpoint>();
  const parking = activity.parking && joinParking(activity.parking, () => branches.size);
  let next = 0;
  while (next < items.length || branches.size > 0) {
    while (next < items.length && branches.size < activity.node.maxParallel) {
      const index = next++;
      const scope = { ...activity.scope, item: items[index]!, index };
      branches.start(index, async () => await runItem(context, { ...activity, parking }, scope, index));
    }
    parking?.look();
    const settled = await branches.next();
    if (settled?.value) done.set(settled.key, settled.value);
  }
  return done;
}

function outcomeOfItems(activity: ActivityRun, results: readonly (FinalCheckpoint | undefined)[]): Outcome {
  const values: Json[] = [];
  for (const [index, result] of results.entries()) {
    if (result?.outcome.ok) values.push(result.outcome.value);
    else if (activity.node.optional) values.push(null);
    else return { ok: false, error: itemError(activity, index, result) };
  }
  return { ok: true, value: values };
}

function itemError({ node, signal }: ActivityRun, index: number, result: FinalCheckpoint | undefined): Failure {
  if (result && !result.outcome.ok) {
    const { error } = result.outcome;
    return { ...error, message: `item ${index}: ${error.message}`, retryable: false };
  }
  const message = `${node.id} was cut short before item ${index}`;
  return cutShortError(failure('CANCELLED', message, { kind: 'cancelled' }), signal);
}
