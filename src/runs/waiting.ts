// Why a run does not move, in words. Pure.
import type { Plan, PlanNode } from '../definitions/index.ts';
import { formatDuration } from '../kernel/index.ts';

/** What the nodes that run wait for; null when none does, or when one of them acts. `parked`: activities by the service they wait for. */
export function describeWaiting(
  plan: Plan,
  runningIds: readonly string[],
  parked: ReadonlyMap<string, string> = new Map(),
): string | null {
  const running = plan.nodes.filter((node) => runningIds.includes(node.id));
  if (running.length === 0 || running.some((node) => node.kind === 'activity' && !parked.has(node.id))) return null;
  return running.map((node) => describe(node, parked.get(node.id))).join('; ');
}

function describe(node: PlanNode, service: string | undefined): string {
  if (service !== undefined) return `waits at "${node.id}" for service "${service}" to come back`;
  if (node.kind === 'approval') return `waits for approval "${node.id}", ${formatDuration(node.timeoutMs)} at most`;
  if (node.kind === 'workflow') return `waits at "${node.id}" for its run of "${node.workflow}"`;
  if (node.kind !== 'wait') return node.id;
  const { wait } = node;
  if (wait.kind === 'message') return `waits for message "${wait.topic}"`;
  return wait.kind === 'for'
    ? `waits ${formatDuration(wait.durationMs)} at "${node.id}"`
    : `waits at "${node.id}" for its time to come`;
}
