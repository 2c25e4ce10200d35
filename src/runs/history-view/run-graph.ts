// What a run executes, as a graph to draw: its nodes, what each waits for, and what takes each back. Pure.
import type { Plan, PlanNode } from '../../definitions/index.ts';

export interface GraphNode {
  readonly id: string;
  readonly module: string;
  readonly kind: PlanNode['kind'];
  readonly dependsOn: readonly string[];
  readonly wave: number;
  readonly optional: boolean;
  /** Of an activity: `<tool>.<action>`; of a child run: its workflow; of a wait for a message: the topic. */
  readonly does?: string;
  /** It is called once an element of a list. */
  readonly isList: boolean;
  /** The action that takes it back, or `irreversible`. Absent: nothing does. */
  readonly takenBackBy?: string;
}

export interface RunGraph {
  /** Does code decide what it does? Then only what it did is known, and not what that waited for. */
  readonly isCoded: boolean;
  readonly nodes: readonly GraphNode[];
  readonly modules: readonly { readonly id: string; readonly type: string; readonly optional: boolean }[];
  readonly compensationOrder: Plan['compensationOrder'];
}

const OF_CODE: RunGraph = { isCoded: true, nodes: [], modules: [], compensationOrder: 'reverse_graph' };

export function graphOf(plan: Plan | null): RunGraph {
  if (!plan) return OF_CODE;
  return {
    isCoded: false,
    nodes: plan.nodes.map(nodeOf),
    modules: plan.modules.map(({ id, type, optional }) => ({ id, type, optional })),
    compensationOrder: plan.compensationOrder,
  };
}

function nodeOf(node: PlanNode): GraphNode {
  const does = doesOf(node);
  const takenBackBy = takenBackByOf(node);
  return {
    id: node.id,
    module: node.module,
    kind: node.kind,
    dependsOn: node.dependencies,
    wave: node.wave,
    optional: node.optional,
    isList: node.kind === 'activity' && node.forEach !== undefined,
    ...(does !== undefined && { does }),
    ...(takenBackBy !== undefined && { takenBackBy }),
  };
}

function doesOf(node: PlanNode): string | undefined {
  switch (node.kind) {
    case 'activity':
      return `${node.tool}.${node.action}`;
    case 'workflow':
      return node.workflow;
    case 'wait':
      return node.wait.kind === 'message' ? node.wait.topic : undefined;
    case 'approval':
      return undefined;
  }
}

function takenBackByOf(node: PlanNode): string | undefined {
  if (node.kind === 'workflow') return node.workflow;
  if (node.kind !== 'activity') return undefined;
  if (node.irreversible) return 'irreversible';
  return node.compensation && `${node.compensation.tool}.${node.compensation.action}`;
}
