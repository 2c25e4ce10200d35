// The channels by which a plan would tell people of its approvals, and whether this process can reach them.
import type { Plan } from '../definitions/index.ts';
import type { Connection, Registry } from '../tools/index.ts';

export interface PlannedChannel {
  readonly tool: string;
  /** `sandboxed`: nobody is told, the sandbox's double is. */
  readonly state: 'configured' | 'sandboxed' | 'missing';
}

export function channelsOf(registry: Registry, plan: Plan): PlannedChannel[] {
  const told = plan.nodes.flatMap((node) =>
    node.kind === 'approval'
      ? [...(node.notify ?? []), ...(node.escalate ?? []).flatMap(({ notify = [] }) => notify)]
      : [],
  );
  return [...new Set(told.map(({ tool }) => tool))].map((tool) => ({
    tool,
    state: stateOf(registry.get(tool)?.connection),
  }));
}

function stateOf(connection: Connection | undefined): PlannedChannel['state'] {
  if (!connection || connection.state === 'missing') return 'missing';
  return connection.state === 'connected' && connection.sandboxed ? 'sandboxed' : 'configured';
}
