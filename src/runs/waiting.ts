// Why a run does not move, in words. Pure.
import type { Plan, PlanNode } from '../definitions/index.ts';
import { formatDuration } from '../kernel/index.ts';

/** What the nodes that run wait for; null when none does, or when one of them acts. */
export function describeWaiting(plan: Plan, runningIds: readonly string[]): string | null {
  const running = plan.nodes.filter((node) => runningIds.includes(node.id));
  if (running.length === 0 || running.some((node) => node.kind === 'activity')) return null;
  return running.map(describe).join('; ');
}

function describe(node: PlanNode): string {
  if (node.kind === 'approval') return `waits for approval "${node.id}", ${formatDuration(node.timeoutMs)} at most`;
  if (node.kind !== 'wait') return node.id;
  const { wait } = node;
  if (wait.kind === 'message') return `waits for message "${wait.topic}"`;
  return wait.kind === 'for'
    ? `waits ${formatDuration(wait.durationMs)} at "${node.id}"`
    : `waits at "${node.id}" for its time to come`;
}
