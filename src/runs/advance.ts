// Decides, from what is settled and what runs, what to skip, what to start and whether the run must turn round. Pure.
import type { Expression, ModulePlan, Plan, PlanNode } from '../definitions/index.ts';
import { FailureError, failure, isJsonObject } from '../kernel/index.ts';
import type { Failure } from '../kernel/index.ts';
import { changesAsked } from './changes.ts';
import type { ChangesAsked } from './changes.ts';
import type { NodeResult } from './node-result.ts';
import type { Cause } from './runs.ts';

/** Of an approval that nobody answered, where an operator is to decide what becomes of the run. */
export const APPROVAL_EXPIRED = 'APPROVAL_EXPIRED';

/** Why the run turns round: what is undone is decided elsewhere. */
export interface TurnReason {
  readonly cause: Cause;
  /** The node, or the module when its `require` was false. */
  readonly at: string | null;
  readonly failure: Failure | null;
}

export interface Situation {
  readonly results: ReadonlyMap<string, NodeResult>;
  readonly running: ReadonlySet<string>;
  /** Evaluates a condition of a node or a module; throws FailureError when it cannot be evaluated. */
  readonly evaluate: (condition: Expression, owner: PlanNode | ModulePlan) => boolean;
}

export interface Advance {
  /** To be recorded as skipped. */
  readonly skip: readonly PlanNode[];
  /** To be recorded as failed without having started: their own `when` could not be evaluated. */
  readonly fail: readonly { readonly node: PlanNode; readonly failure: Failure }[];
  readonly start: readonly PlanNode[];
  readonly turn?: TurnReason;
  /** An approver asked for changes: what failed of what is repeated turns nothing round. */
  readonly back?: ChangesAsked;
  /** Every node is settled. */
  readonly done: boolean;
}

export function advance(plan: Plan, situation: Situation): Advance {
  const { results, running } = situation;
  const back = changesAsked(plan, results);
  const turn = turnReason(plan, situation, back?.repeated);
  if (turn) return { skip: [], fail: [], start: [], turn, done: false };
  if (back) return { skip: [], fail: [], start: [], back, done: false };
  const skip: PlanNode[] = [];
  const fail: { node: PlanNode; failure: Failure }[] = [];
  const ready: PlanNode[] = [];
  for (const node of plan.nodes) {
    if (results.has(node.id) || running.has(node.id) || !isReady(plan, node, situation)) continue;
    const verdict = wanted(plan, node, situation);
    if (verdict === true) ready.push(node);
    else if (verdict === false) skip.push(node);
    else fail.push({ node, failure: verdict });
  }
  // What fails here may turn the run round: whether anything else starts is for the next look.
  const start = fail.length > 0 ? [] : withinModuleLimits(plan, ready, running);
  return { skip, fail, start, done: plan.nodes.every((node) => results.has(node.id)) };
}

/** Is every node of the module settled? One without nodes is once its dependencies are. */
export function isModuleSettled(plan: Plan, module: ModulePlan, results: ReadonlyMap<string, NodeResult>): boolean {
  return module.nodes.every((id) => results.has(id)) && (module.nodes.length > 0 || isOpen(plan, module, results));
}

/** Are all dependencies of the module settled? */
export function isOpen(plan: Plan, module: ModulePlan, results: ReadonlyMap<string, NodeResult>): boolean {
  const before = plan.modules.filter((each) => module.dependencies.includes(each.id));
  return before.every((dependency) => isModuleSettled(plan, dependency, results));
}

function isReady(plan: Plan, node: PlanNode, { results }: Situation): boolean {
  if (!node.dependencies.every((id) => results.has(id))) return false;
  if (plan.execution === 'eager') return true;
  return plan.nodes.every((other) => other.wave >= node.wave || results.has(other.id));
}

// True to run it, false to skip it, a failure when a condition cannot be evaluated.
function wanted(plan: Plan, node: PlanNode, { evaluate }: Situation): boolean | Failure {
  const module = moduleOf(plan, node);
  try {
    if (module.when && !evaluate(module.when, module)) return false;
    return node.when ? evaluate(node.when, node) : true;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
}

function withinModuleLimits(plan: Plan, ready: readonly PlanNode[], running: ReadonlySet<string>): PlanNode[] {
  const free = new Map(
    plan.modules.map((module) => [module.id, module.maxParallel - module.nodes.filter((id) => running.has(id)).length]),
  );
  return ready.filter((node) => {
    const places = free.get(node.module) ?? 0;
    free.set(node.module, places - 1);
    return places > 0;
  });
}

// In document order, so that two failures at once always give the same reason.
function turnReason(
  plan: Plan,
  situation: Situation,
  repeated: ReadonlySet<string> = new Set(),
): TurnReason | undefined {
  for (const node of plan.nodes) {
    const result = situation.results.get(node.id);
    if (!result || node.optional || repeated.has(node.id)) continue;
    const reason = reasonOf(node, result);
    if (reason) return reason;
  }
  for (const module of plan.modules) {
    if (module.nodes.some((id) => repeated.has(id))) continue;
    const reason = requireReason(plan, module, situation);
    if (reason) return reason;
  }
  return undefined;
}

/** Why a node that is settled turns the run round; undefined when it does not. */
export function reasonOf(node: PlanNode, result: NodeResult): TurnReason | undefined {
  if (result.status === 'failed' || result.status === 'unknown') {
    return { cause: isOutOfTime(node, result) ? 'timeout' : 'failure', at: node.id, failure: result.error ?? null };
  }
  if (node.kind !== 'approval' || result.status !== 'completed') return undefined;
  if (!isJsonObject(result.value) || result.value['decision'] !== 'reject') return undefined;
  return { cause: result.value['expired'] ? 'timeout' : 'rejection', at: node.id, failure: null };
}

// An attempt without an answer is a failure like others; a module's time, or that of a wait or a child run, is up for good.
function isOutOfTime(node: PlanNode, { error }: NodeResult): boolean {
  if (error?.code === 'MODULE_TIMEOUT' || error?.code === APPROVAL_EXPIRED) return true;
  return node.kind !== 'activity' && error?.code === 'TIMEOUT';
}

function requireReason(plan: Plan, module: ModulePlan, { results, evaluate }: Situation): TurnReason | undefined {
  if (!module.require || module.optional || !isModuleSettled(plan, module, results)) return undefined;
  // A module that was skipped as a whole did nothing that could be required.
  if (module.nodes.every((id) => results.get(id)?.status === 'skipped')) return undefined;
  try {
    if (evaluate(module.require, module)) return undefined;
    const message = `module "${module.id}" does not meet what it requires: ${module.require.cel}`;
    return { cause: 'failure', at: module.id, failure: failure('REQUIRE', message) };
  } catch (error) {
    if (error instanceof FailureError) return { cause: 'failure', at: module.id, failure: error.failure };
    throw error;
  }
}

export function moduleOf(plan: Plan, node: PlanNode): ModulePlan {
  const module = plan.modules.find((each) => each.id === node.module);
  if (!module) throw new Error(`plan of ${plan.name} has no module ${node.module}`);
  return module;
}
