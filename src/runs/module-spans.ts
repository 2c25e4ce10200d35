// When each module of a run was under way, from what its nodes came to: the same for whichever process asks. Pure.
import type { ModulePlan, Plan, PlanNode } from '../definitions/index.ts';
import type { ModuleSpan } from '../kernel/index.ts';
import type { NodeResult } from './node-result.ts';
import type { RunTrace } from './run-trace.ts';

/** Of those that came to anything but being skipped. */
export function moduleSpans(
  plan: Plan,
  results: ReadonlyMap<string, NodeResult>,
  { trace, startedAtMs }: { readonly trace: RunTrace; readonly startedAtMs: number },
): ModuleSpan[] {
  const nodes = Map.groupBy(plan.nodes, ({ module }) => module);
  return plan.modules.flatMap((module) => {
    const own = nodes.get(module.id) ?? [];
    const done = own.flatMap(({ id }) => results.get(id) ?? []).filter(({ status }) => status !== 'skipped');
    if (done.length === 0) return [];
    return [
      {
        id: module.id,
        place: trace.module(module.id),
        startedAtMs: Math.max(startedAtMs, ...completionsBefore(module, own, results)),
        finishedAtMs: Math.max(...done.map(({ finishedAtMs }) => finishedAtMs)),
        failed: done.some(({ status }) => status === 'failed' || status === 'unknown'),
      },
    ];
  });
}

function completionsBefore(
  { nodes }: ModulePlan,
  own: readonly PlanNode[],
  results: ReadonlyMap<string, NodeResult>,
): number[] {
  const before = new Set(own.flatMap(({ dependencies }) => dependencies));
  for (const id of nodes) before.delete(id);
  return [...before].map((id) => results.get(id)?.finishedAtMs ?? 0);
}
