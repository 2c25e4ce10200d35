// What an operator's decision about one failed node, or one failed undo, changes in the run's record; or why it cannot be. Pure.
import { validateValue } from '../definitions/index.ts';
import type { ActivityNode, ApprovalNode, Catalog, Plan, PlanNode } from '../definitions/index.ts';
import { ENGINE_RANGE, stepId } from '../durable/index.ts';
import type { RecordChange, RunRecord } from '../durable/index.ts';
import { BreakwaterError } from '../kernel/index.ts';
import type { Json, JsonObject, Problem } from '../kernel/index.ts';
import type { Amendments } from './amendments.ts';
import { approvalByHand } from './approval-by-hand.ts';
import { foldRecord } from './fold-record.ts';
import type { FinalCheckpoint, NodeResult } from './node-result.ts';
import { outputSchema } from './output-schema.ts';
import { actsToTakeBack, beginAfresh, beginAnew, changesOf, failedActs, neverBegun } from './retry-decision.ts';
import type { Sighting } from './retry-decision.ts';
import { ENGINE_STEP, settledId, undoStepName } from './step-layout.ts';

export const NODE_DECISIONS = ['retry', 'skip', 'compensate', 'done_by_hand'] as const;

export interface NodeDecisionRequest {
  readonly node: string;
  readonly decision: (typeof NODE_DECISIONS)[number];
  /** What the node came to, of `skip` and `done_by_hand`: as its action promises it. */
  readonly value?: Json;
  /** Changes to its arguments, of `retry`: a merge patch. */
  readonly with?: JsonObject;
  readonly reason?: string;
}

/** What is to be true of the run from now on. */
export interface Decided {
  readonly change: RecordChange;
  readonly epochs: Amendments['epochs'];
  /** What is decided about: the node, or items of its list, each with the changes to its arguments. */
  readonly decided: readonly { readonly name: string; readonly with?: JsonObject }[];
  /** Acts that must be taken back before the node is tried again; then the rest of the record is changed. */
  readonly takeBack?: readonly string[];
}

interface Held {
  readonly plan: Plan;
  readonly record: RunRecord;
  readonly amended: Amendments;
  readonly catalog: Catalog;
  /** What a look for an act in doubt found just now. */
  readonly seen: (act: string) => Sighting | undefined;
  /** Who decides. */
  readonly by: string;
  /** Database time. */
  readonly nowMs: number;
}

/** How the run turned is forgotten: it goes on from what else is recorded. */
export const FORGET_TURN = [ENGINE_STEP.turn, ENGINE_STEP.finish, ENGINE_STEP.pivot].map((step) => ({
  base: stepId(ENGINE_RANGE, step),
  size: 1,
}));

/** About a node of a run that is held. Throws INVALID, or CONFLICT with the reason. */
export function decideFailedNode(held: Held, request: NodeDecisionRequest): Decided {
  const results = foldRecord(held.plan, held.record);
  const node = failedNode(held, results, request);
  if (request.decision === 'retry') return retry(held, node, request);
  refuseGiven(request, 'with');
  const value = request.value ?? null;
  if (request.decision === 'skip' && request.value === undefined)
    return settleByHand(held, node, 'skip', { ok: true, value, skipped: true });
  if (node.kind !== 'activity' && request.decision === 'done_by_hand')
    throw invalid('/decision', `"${node.id}" is no activity: skip it, with a value where one is needed`);
  const known = node.kind === 'approval' ? decidedByHand(held, node, value) : value;
  refuseProblems(node.kind === 'activity' ? valueProblems(held.catalog, node, value) : []);
  return settleByHand(held, node, request.decision === 'skip' ? 'skip' : 'done_by_hand', { ok: true, value: known });
}

function failedNode(
  { plan, record }: Held,
  results: ReadonlyMap<string, NodeResult>,
  { node: id }: NodeDecisionRequest,
): PlanNode {
  const failed = plan.nodes.filter((each) => isFailed(results.get(each.id)));
  const node = failed.find((each) => each.id === id);
  if (!node)
    throw invalid(
      '/node',
      `"${id}" has not failed; ${listOf(
        'failed',
        failed.map((each) => each.id),
      )}`,
    );
  const waiting = new Set(neverBegun(plan, record, node));
  const built = plan.nodes.find((each) => each.dependencies.includes(id) && results.has(each.id) && !waiting.has(each));
  if (built)
    throw new BreakwaterError(
      'CONFLICT',
      `"${built.id}" went on without "${id}", which is optional: it cannot be decided any more.`,
    );
  return node;
}

function isFailed(result: NodeResult | undefined): boolean {
  return result?.status === 'failed' || result?.status === 'unknown';
}

// What may have happened is looked for under the key that it had; what certainly did not is a new act with a new key.
function retry(held: Held, node: PlanNode, request: NodeDecisionRequest): Decided {
  const { plan, record, amended } = held;
  refuseGiven(request, 'value');
  if (node.kind === 'workflow') throw invalid('/decision', `"${node.id}" is a run of its own: skip it or compensate`);
  if (request.with && node.kind !== 'activity') throw invalid('/with', `"${node.id}" has no arguments`);
  const acts = failedActs(record, node);
  const decided = acts.map(({ name }) => ({ name, with: changesOf(amended, node.id, name, request.with) }));
  const late = neverBegun(plan, record, node).map((other) => ({ base: settledId(other), size: 1 }));
  const takeBack = request.with && node.kind === 'activity' ? actsToTakeBack(node, acts, held.seen) : [];
  if (takeBack.length > 0)
    return { change: { forget: [...FORGET_TURN, ...late] }, epochs: amended.epochs, decided: [], takeBack };
  const { forget, epochs } = request.with ? beginAfresh(amended, node, acts) : beginAnew(amended, node, acts);
  return { change: { forget: [...FORGET_TURN, ...late, ...forget] }, epochs, decided };
}

// Id 0 of the node: read before its attempts, which stay to be seen, and to be undone where they may have happened.
function settleByHand(
  { amended, nowMs }: Held,
  node: PlanNode,
  byHand: 'skip' | 'done_by_hand',
  outcome: FinalCheckpoint['outcome'],
): Decided {
  const id = settledId(node);
  // With an attempt it is an act: what a person did is taken back with the rest.
  const value: FinalCheckpoint = {
    outcome,
    byHand,
    finishedAt: nowMs,
    ...(byHand === 'done_by_hand' && { attempt: 0 }),
  };
  const change = { forget: [...FORGET_TURN, { base: id, size: 1 }], add: [{ id, name: node.id, value }] };
  return { change, epochs: amended.epochs, decided: [{ name: node.id, with: amended.decisions[node.id]?.with }] };
}

function decidedByHand(held: Held, node: ApprovalNode, value: Json): Json {
  const byHand = approvalByHand(node, value, held);
  if ('value' in byHand) return byHand.value;
  throw new BreakwaterError('INVALID', 'The value is no decision of this approval.', { problems: byHand.problems });
}

function valueProblems(catalog: Catalog, node: ActivityNode, value: Json): readonly Problem[] {
  const schema = outputSchema(catalog, { ...node, args: node.with });
  if (!schema) return [];
  const checked = node.forEach ? { type: 'array', items: schema } : schema;
  return validateValue(checked, value).map((problem) => ({ ...problem, path: `/value${problem.path}` }));
}

/** About an undo that failed, or an act that nothing takes back: the run is undone on, and ends as all its undos did. */
export function decideFailedUndo(
  {
    record,
    failures,
    standing,
    nowMs,
  }: {
    readonly record: RunRecord;
    readonly failures: readonly string[];
    readonly standing: readonly string[];
    readonly nowMs: number;
  },
  request: NodeDecisionRequest,
): RecordChange {
  const { node, decision } = request;
  if (decision !== 'retry' && decision !== 'done_by_hand')
    throw invalid('/decision', 'a compensation that failed is decided by retry or done_by_hand');
  refuseGiven(request, 'with');
  refuseGiven(request, 'value');
  const finish = { base: stepId(ENGINE_RANGE, ENGINE_STEP.finish), size: 1 };
  if (standing.includes(node) && decision === 'done_by_hand') return { forget: [finish] };
  if (!failures.includes(node))
    throw invalid(
      '/node',
      `the compensation of "${node}" has not failed; ${listOf('failed', [...failures, ...standing])}`,
    );
  if (decision === 'done_by_hand' && request.reason === undefined)
    throw invalid('/reason', 'say what was done by hand: those who come after rely on it');
  const name = undoStepName(node);
  const steps = [...record.names()].filter(([, step]) => step === name || step === `${name} probe`).map(([id]) => id);
  const forget = [finish, ...steps.map((id) => ({ base: id, size: 1 }))];
  if (decision === 'retry') return { forget };
  const value: FinalCheckpoint = { outcome: { ok: true, value: null }, byHand: 'done_by_hand', finishedAt: nowMs };
  return { forget, add: [{ id: Math.min(...steps), name, value }] };
}

function refuseGiven(request: NodeDecisionRequest, member: 'value' | 'with'): void {
  if (request[member] !== undefined) throw invalid(`/${member}`, `goes with no ${request.decision} of this node`);
}

function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0)
    throw new BreakwaterError('INVALID', 'The value does not fit what the action promises.', { problems });
}

function invalid(path: string, message: string): BreakwaterError {
  return new BreakwaterError('INVALID', `The decision cannot be made: ${message}.`, { problems: [{ path, message }] });
}

function listOf(what: string, names: readonly string[]): string {
  return names.length === 0 ? 'nothing has' : `${what}: ${names.join(', ')}`;
}
