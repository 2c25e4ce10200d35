// When modules and the run are out of time. Pure: computed from recorded completions, so a restart changes nothing.
import type { ModulePlan, Plan } from '../definitions/index.ts';
import { isModuleSettled, isOpen } from './advance.ts';
import type { NodeResult } from './node-result.ts';

/** A module's clock starts at its last dependency's recorded completion, the run's at its start. Infinity: no limit. */
export function moduleDeadline(
  plan: Plan,
  module: ModulePlan,
  results: ReadonlyMap<string, NodeResult>,
  startedAtMs: number,
): number {
  if (module.timeoutMs === undefined || !isOpen(plan, module, results)) return Number.POSITIVE_INFINITY;
  const before = plan.modules.filter((each) => module.dependencies.includes(each.id)).flatMap((each) => each.nodes);
  const completions = before.map((id) => results.get(id)?.finishedAtMs ?? 0);
  return Math.max(startedAtMs, ...completions) + module.timeoutMs;
}

export function runDeadline(plan: Plan, startedAtMs: number): number {
  return plan.timeoutMs === undefined ? Number.POSITIVE_INFINITY : startedAtMs + plan.timeoutMs;
}

/** Modules whose time is up although not all of their nodes are settled. */
export function expiredModules(
  plan: Plan,
  results: ReadonlyMap<string, NodeResult>,
  startedAtMs: number,
  nowMs: number,
): ModulePlan[] {
  return plan.modules.filter(
    (module) => !isModuleSettled(plan, module, results) && moduleDeadline(plan, module, results, startedAtMs) <= nowMs,
  );
}

/** The next instant at which something runs out of time. */
export function nextDeadline(plan: Plan, results: ReadonlyMap<string, NodeResult>, startedAtMs: number): number {
  const open = plan.modules.filter((module) => !isModuleSettled(plan, module, results));
  return Math.min(
    runDeadline(plan, startedAtMs),
    ...open.map((module) => moduleDeadline(plan, module, results, startedAtMs)),
  );
}
