// Takes back what was done, may have been done, or was cut off: in the plan's order, each undo to its own end, past every failure (D7).
import { renderTemplate } from '../definitions/index.ts';
import type { ActivityNode, ChildNode, CompensationPlan, PlanNode, Scope } from '../definitions/index.ts';
import { openBranches, runStep, stepId } from '../durable/index.ts';
import { FailureError, isJsonObject } from '../kernel/index.ts';
import type { Failure, Json, JsonObject } from '../kernel/index.ts';
import { undoArguments } from '../tools/index.ts';
import type { ChildRow } from './child-store.ts';
import { lastArrivalMs, mayHaveHappened } from './doubt.ts';
import { undoChild } from './end-children.ts';
import type { RunContext } from './environment.ts';
import { actCheckpoint, finalCheckpoint } from './fold-record.ts';
import type { FinalCheckpoint, NodeResult } from './node-result.ts';
import { pauseUntil, performAct } from './perform-act.ts';
import { probeAct } from './probe-act.ts';
import { actsOf } from './act.ts';
import { secretsOf, secretsOfUndo } from './act-secrets.ts';
import { actKey, argumentsOf } from './run-activity.ts';
import type { ResolvedCompensation } from './run-activity.ts';
import { scopeOfNode } from './run-scope.ts';
import { ofRun } from './tell.ts';
import type { Cause, CompensationSummary } from './runs.ts';
import { PROBE_OFFSET, settledId, undoIds, undoStepName } from './step-layout.ts';
import { orderUndos, queueUndos, undoId } from './undo-order.ts';
import type { UndoItem, UndoStep } from './undo-order.ts';

/** An act to take back, with what is needed to do it. */
interface ActUndo extends UndoItem {
  readonly node: ActivityNode;
  readonly compensation: CompensationPlan | ResolvedCompensation;
  readonly scope: Scope;
  readonly result: Json | undefined;
  /** The effect of an act that was cut short may still arrive until then (K4); the database's time. */
  readonly notBeforeMs: number;
}

interface ChildUndo extends UndoItem {
  readonly node: ChildNode;
  readonly child: ChildRow;
}

type Undo = ActUndo | ChildUndo;

/** `nothing`: there was no effect to take back. */
type Undone = 'compensated' | 'nothing' | { readonly error: Failure };

export interface TakenBack {
  readonly summary: CompensationSummary;
  /** What was there and is gone now. */
  readonly nodes: ReadonlySet<string>;
}

/** What a run turned round for; `doubt`: an optional act may have happened, and nothing else turned. */
export type UndoCause = Cause | 'doubt' | 'changes' | 'retry' | 'rewind';

/** Acts that may have happened although no checkpoint says so, as they are called in a turn. */
export interface Doubts {
  /** Why anything is taken back. */
  readonly cause: UndoCause;
  readonly suspects: readonly string[];
  readonly atMs: number;
  /** The runs that this one began, by node, now that they have ended. */
  readonly children: ReadonlyMap<string, ChildRow>;
  /** Only these nodes are taken back. Absent: all. */
  readonly only?: ReadonlySet<string>;
  /** Of those only these acts, as checkpoints call them. Absent: all. */
  readonly acts?: ReadonlySet<string>;
}

/**
 * Undoes every act of the record that has a compensation and took effect or may have, and the suspects. The context's record
 * must be fresh. A failed undo never stops the others: it is in the summary.
 */
export async function compensate(
  context: RunContext,
  results: ReadonlyMap<string, NodeResult>,
  doubts: Doubts,
): Promise<TakenBack> {
  const undos = allUndos(context, results, doubts);
  const byId = new Map(undos.map((undo) => [undoId(undo), undo]));
  const outcomes = await runInOrder(context, orderUndos(context.plan, undos), byId, doubts.cause);
  const gone = undos.filter((undo) => outcomes.get(undoId(undo)) === 'compensated');
  return {
    summary: summarize(outcomes, standingActs(context, results, doubts)),
    nodes: new Set(gone.map(({ node }) => node.id)),
  };
}

/** Is there anything to take back? */
export function hasUndos(context: RunContext, results: ReadonlyMap<string, NodeResult>, doubts: Doubts): boolean {
  return allUndos(context, results, doubts).length > 0;
}

function allUndos(context: RunContext, results: ReadonlyMap<string, NodeResult>, doubts: Doubts): Undo[] {
  return ownNodes(context, doubts).flatMap((node): Undo[] => {
    if (node.kind === 'activity') return undosOf(context, node, results, doubts);
    return node.kind === 'workflow' ? childUndos(node, doubts) : [];
  });
}

// What was inherited is another run's to undo.
function ownNodes({ plan, amended }: RunContext, { only }: Doubts): readonly PlanNode[] {
  return plan.nodes.filter(({ id }) => !amended.inherited.includes(id) && (only?.has(id) ?? true));
}

// Whichever way it ended, its end is part of what became of this run.
function childUndos(node: ChildNode, { children, atMs }: Doubts): ChildUndo[] {
  const child = children.get(node.id);
  return child ? [{ node, child, known: true, finishedAtMs: child.finished_at?.getTime() ?? atMs }] : [];
}

// What took effect, or may have, although nobody said what takes it back, or that nothing does.
function standingActs(
  context: RunContext,
  results: ReadonlyMap<string, NodeResult>,
  doubts: Doubts,
): readonly string[] {
  const { plan, record, facts, amended } = context;
  const uncovered = ownNodes(context, doubts).flatMap((node) =>
    node.kind === 'activity' && !node.compensation && !node.irreversible ? [node] : [],
  );
  return uncovered.flatMap((node) => {
    const acts = actsOf(node, scopeOfNode(plan, node, results, facts));
    return acts.flatMap(({ name, item }) => {
      const checkpoint = finalCheckpoint(record, node, item);
      const stands = checkpoint
        ? checkpoint.effect && mayHaveHappened(checkpoint)
        : node.effect && doubts.suspects.includes(name);
      return stands && amended.decisions[undoStepName(name)]?.decision !== 'done_by_hand' ? [name] : [];
    });
  });
}

/** Undoes at once what of an optional node may have happened, while the run goes on with what certainly did. */
export async function undoDoubts(
  context: RunContext,
  node: ActivityNode,
  results: ReadonlyMap<string, NodeResult>,
): Promise<void> {
  for (const undo of doubtsOf(context, node, results)) await undoOne(context, undo, 'doubt');
}

/** Has an optional node of the record acts that may have happened and are not undone? */
export function hasDoubts(context: RunContext, node: PlanNode, results: ReadonlyMap<string, NodeResult>): boolean {
  return mayBeInDoubt(context, node) && doubtsOf(context, node, results).length > 0;
}

/** The run goes on although the node failed: it is optional, or an operator skipped it. */
export function mayBeInDoubt({ record }: RunContext, node: PlanNode): node is ActivityNode {
  if (node.kind !== 'activity') return false;
  return node.optional || record.read<FinalCheckpoint>(settledId(node))?.byHand === 'skip';
}

function doubtsOf(context: RunContext, node: ActivityNode, results: ReadonlyMap<string, NodeResult>): ActUndo[] {
  const undos = undosOf(context, node, results, {
    cause: 'doubt',
    suspects: [],
    atMs: context.clock.now(),
    children: new Map(),
  });
  return undos.filter((undo) => !undo.known && !finalUndo(context, undo));
}

function undosOf(
  context: RunContext,
  node: ActivityNode,
  results: ReadonlyMap<string, NodeResult>,
  doubts: Doubts,
): ActUndo[] {
  const { compensation } = node;
  if (!compensation) return [];
  const scope = scopeOfNode(context.plan, node, results, context.facts);
  const suspects = new Set(doubts.suspects);
  return actsOf(node, scope).flatMap(({ name, item, scope: own }) => {
    const checkpoint = actCheckpoint(context.record, node, item);
    const suspect = !checkpoint && suspects.has(name);
    if (!suspect && !mayHaveHappened(checkpoint)) return [];
    if (doubts.acts && !doubts.acts.has(name)) return [];
    const result = checkpoint?.outcome.ok ? checkpoint.outcome.value : undefined;
    const finishedAtMs = checkpoint?.finishedAt ?? doubts.atMs;
    const notBeforeMs = lastArrivalMs(node, checkpoint, doubts.atMs);
    return [{ node, item, known: result !== undefined, finishedAtMs, compensation, scope: own, result, notBeforeMs }];
  });
}

// Each undo starts once those it waits for are settled, failed ones included.
async function runInOrder(
  context: RunContext,
  steps: readonly UndoStep[],
  undos: ReadonlyMap<string, Undo>,
  cause: UndoCause,
): Promise<Map<string, Undone>> {
  const branches = openBranches<string, Undone>();
  const outcomes = new Map<string, Undone>();
  const queue = queueUndos(steps);
  const start = (ready: readonly UndoStep[]): void => {
    for (const { id } of ready) branches.start(id, async () => await undoOne(context, undos.get(id)!, cause));
  };
  start(queue.first);
  while (outcomes.size < steps.length) {
    const settled = await branches.next();
    if (!settled) continue;
    outcomes.set(settled.key, settled.value);
    start(queue.settle(settled.key));
  }
  return outcomes;
}

async function undoOne(context: RunContext, undo: Undo, reason: UndoCause): Promise<Undone> {
  const earlier = finalUndo(context, undo);
  if (earlier) return undoneOf(earlier);
  const undone =
    'child' in undo ? undoneOf(await undoChild(context, undo.node, undo.child)) : await undoAct(context, undo);
  if (undone === 'nothing') return undone;
  const status = undone === 'compensated' ? undone : 'failed';
  const fields = { ...ofRun(context), node: undoId(undo), reason, status } as const;
  context.emit({ level: 'info', name: 'compensation.settled', fact: true, fields, trace: context.trace.run });
  return undone;
}

async function undoAct(context: RunContext, undo: ActUndo): Promise<Undone> {
  const { node, item, compensation } = undo;
  const resolved = await resolve(context, undo);
  if (!('args' in resolved)) return undoneOf(await settleUndo(context, undo, resolved));
  const checkpoint = await performAct(context, {
    stepName: undoName(undo),
    ids: undoIds(node, item),
    tool: compensation.tool,
    action: compensation.action,
    args: resolved.args,
    secrets: secretsOfUndo(node, compensation, resolved.args),
    key: actKey(context, node, item, true),
    retry: compensation.retry,
    timeoutMs: compensation.timeoutMs,
    suspect: context.tookOver,
    undo: true,
    place: context.trace.run,
    breaker: compensation.breaker,
  });
  if (!checkpoint) throw new Error(`${undoName(undo)} was cut short, although nothing may cut an undo short`);
  return undoneOf(checkpoint);
}

type Resolved = { readonly args: JsonObject } | { readonly nothing: true } | { readonly error: Failure };

// An act of unknown outcome is looked up first, and no earlier than its effect could still arrive.
async function resolve(context: RunContext, undo: ActUndo): Promise<Resolved> {
  const { node, item } = undo;
  try {
    const input = argumentsOf(context, node, undo.scope, item);
    if (undo.known) return undoCall(context, undo, input, undo.result);
    await pauseUntil(context, undo.notBeforeMs);
    const answer = await probeAct(context, {
      id: stepId(undoIds(node, item), PROBE_OFFSET),
      stepName: `${undoName(undo)} probe`,
      act: {
        tool: node.tool,
        action: node.action,
        args: input,
        secrets: secretsOf(node),
        key: actKey(context, node, item),
        timeoutMs: node.timeoutMs,
        breaker: node.breaker,
      },
      retry: undo.compensation.retry,
    });
    return answer.found === 'nothing'
      ? { nothing: true }
      : undoCall(context, undo, input, answer.found === 'effect' ? answer.value : undefined);
  } catch (error) {
    if (error instanceof FailureError) return { error: error.failure };
    throw error;
  }
}

function undoCall(context: RunContext, undo: ActUndo, input: JsonObject, result: Json | undefined): Resolved {
  const { node, item, compensation, scope } = undo;
  if ('args' in compensation) return { args: compensation.args };
  if (compensation.with !== undefined) {
    const args = renderTemplate(compensation.with, { ...scope, result: result ?? null });
    if (!isJsonObject(args)) throw new TypeError(`arguments of the compensation of ${node.id} are no object`);
    return { args };
  }
  const { tool, action } = node;
  const args = undoArguments(context.registry, {
    tool,
    action,
    undoAction: compensation.action,
    input,
    result,
    key: actKey(context, node, item),
  });
  return args === undefined ? { nothing: true } : { args };
}

async function settleUndo(
  context: RunContext,
  undo: ActUndo,
  resolved: Exclude<Resolved, { args: JsonObject }>,
): Promise<FinalCheckpoint> {
  const outcome =
    'error' in resolved
      ? ({ ok: false, error: resolved.error } as const)
      : ({ ok: true, value: null, skipped: true } as const);
  return await runStep<FinalCheckpoint>(undoIds(undo.node, undo.item).base, undoName(undo), async () => ({
    outcome,
    finishedAt: context.clock.now(),
  }));
}

function finalUndo(context: RunContext, { node, item }: Undo): FinalCheckpoint | undefined {
  return finalCheckpoint(context.record, node, item, 'undo');
}

function undoName(undo: UndoItem): string {
  return undoStepName(undoId(undo));
}

function undoneOf({ outcome }: FinalCheckpoint): Undone {
  if (!outcome.ok) return { error: outcome.error };
  return outcome.skipped ? 'nothing' : 'compensated';
}

function summarize(outcomes: ReadonlyMap<string, Undone>, standing: readonly string[]): CompensationSummary {
  const all = [...outcomes].filter(([, undone]) => undone !== 'nothing');
  const failures = all.flatMap(([node, undone]) => (typeof undone === 'object' ? [{ node, error: undone.error }] : []));
  return { total: all.length, compensated: all.length - failures.length, failed: failures.length, failures, standing };
}
