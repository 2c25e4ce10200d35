// When modules and the run are out of time. Pure: computed from recorded completions, so a restart changes nothing.
import type { ModulePlan, Plan } from '../definitions/index.ts';
import { isModuleSettled } from './advance.ts';
import type { NodeResult } from './node-result.ts';

/** What clocks start at, at the earliest. */
export interface Since {
  readonly startedAtMs: number;
  /** When an operator last decided something: modules start anew then, for the run was held meanwhile. */
  readonly decidedAtMs?: number;
}

/**
 * A module's clock starts at the recorded completion of the last node that it waits for, its own modules' or one that an
 * activity names; the run's at its start. Infinity: no limit.
 */
export function moduleDeadline(
  plan: Plan,
  module: ModulePlan,
  results: ReadonlyMap<string, NodeResult>,
  { startedAtMs, decidedAtMs = 0 }: Since,
): number {
  if (module.timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  const own = plan.nodes.filter((node) => node.module === module.id);
  const before = own.flatMap((node) => node.dependencies).filter((id) => !module.nodes.includes(id));
  if (!before.every((id) => results.has(id))) return Number.POSITIVE_INFINITY;
  const completions = before.map((id) => results.get(id)?.finishedAtMs ?? 0);
  return Math.max(startedAtMs, decidedAtMs, ...completions) + module.timeoutMs;
}

export function runDeadline(plan: Plan, startedAtMs: number): number {
  return plan.timeoutMs === undefined ? Number.POSITIVE_INFINITY : startedAtMs + plan.timeoutMs;
}

/** Modules whose time is up although not all of their nodes are settled. */
export function expiredModules(
  plan: Plan,
  results: ReadonlyMap<string, NodeResult>,
  since: Since,
  nowMs: number,
): ModulePlan[] {
  return plan.modules.filter(
    (module) => !isModuleSettled(plan, module, results) && moduleDeadline(plan, module, results, since) <= nowMs,
  );
}

/** The next instant after `afterMs` at which something runs out of time. */
export function nextDeadline(
  plan: Plan,
  results: ReadonlyMap<string, NodeResult>,
  since: Since,
  afterMs: number,
): number {
  const open = plan.modules.filter((module) => !isModuleSettled(plan, module, results));
  const deadlines = open.map((module) => moduleDeadline(plan, module, results, since));
  return Math.min(...[runDeadline(plan, since.startedAtMs), ...deadlines].filter((deadline) => deadline > afterMs));
}
