// What approvers asked to be changed: where the run goes back to, and which nodes read about it. Pure.
import { z } from 'zod';
import { repeatedFrom } from '../definitions/index.ts';
import type { Plan, PlanNode, RequestedChange } from '../definitions/index.ts';
import type { NodeResult } from './node-result.ts';

export const changeNote = z.object({
  /** The approval. */
  node: z.string(),
  /** The module that was done again. */
  to: z.string(),
  by: z.string(),
  at: z.string(),
  reason: z.string(),
});
export type ChangeNote = z.infer<typeof changeNote>;

export interface ChangesAsked {
  readonly approval: string;
  readonly to: string;
  /** What is done again. */
  readonly repeated: ReadonlySet<string>;
  /** Of all approvals that are among what is repeated: each asked for something. */
  readonly notes: readonly ChangeNote[];
}

const request = z.object({
  decision: z.literal('request_changes'),
  by: z.string(),
  at: z.string(),
  reason: z.string(),
});

/** The request that goes back furthest, with those that are met on the way. */
export function changesAsked(plan: Plan, results: ReadonlyMap<string, NodeResult>): ChangesAsked | undefined {
  const requests = plan.nodes.flatMap((node) => requestOf(plan, node, results.get(node.id)));
  const [widest] = requests.toSorted((a, b) => b.repeated.size - a.repeated.size);
  if (!widest) return undefined;
  const met = requests.filter(({ note }) => widest.repeated.has(note.node));
  return {
    approval: widest.note.node,
    to: widest.note.to,
    repeated: widest.repeated,
    notes: met.map(({ note }) => note),
  };
}

/** What a node reads: it was repeated, or comes after what was. */
export function changesSeenBy(
  plan: Plan,
  changes: readonly ChangeNote[],
  nodes: readonly string[],
): readonly RequestedChange[] {
  const seen = changes.filter(({ to }) => nodes.some((id) => repeatedFrom(plan.nodes, to).has(id)));
  return seen.map(({ node, by, at, reason }) => ({ node, by, at, reason }));
}

function requestOf(plan: Plan, node: PlanNode, result: NodeResult | undefined) {
  const to = node.kind === 'approval' ? node.changes?.to : undefined;
  if (typeof to !== 'string' || result?.status !== 'completed') return [];
  const { data } = request.safeParse(result.value);
  if (!data) return [];
  const { by, at, reason } = data;
  return [{ note: { node: node.id, to, by, at, reason }, repeated: repeatedFrom(plan.nodes, to) }];
}
