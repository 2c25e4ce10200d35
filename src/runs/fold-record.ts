// Reads from the record what each node came to. Pure: the same checkpoints always give the same results.
import type { ActivityNode, Plan, PlanNode } from '../definitions/index.ts';
import type { RunRecord } from '../durable/index.ts';
import type { Json } from '../kernel/index.ts';
import { isFinalCheckpoint, resultOf } from './node-result.ts';
import type { AttemptCheckpoint, FinalCheckpoint, NodeResult } from './node-result.ts';
import { actIds, settledId, undoIds } from './step-layout.ts';

/** No policy allows more attempts than this. */
export const MAX_ATTEMPTS = 20;

/** The results of all nodes that are settled in the record. */
export function foldRecord(plan: Plan, record: RunRecord): Map<string, NodeResult> {
  const results = new Map<string, NodeResult>();
  for (const node of plan.nodes) {
    const result = resultFrom(node, record);
    if (result) results.set(node.id, result);
  }
  return results;
}

/** The checkpoint that ended an act or its undo: of the node, or of one item. Undefined while none did. */
export function finalCheckpoint(
  record: RunRecord,
  node: PlanNode,
  item?: number,
  side: 'act' | 'undo' = 'act',
): FinalCheckpoint | undefined {
  const { base } = side === 'act' ? actIds(node, item) : undoIds(node, item);
  for (let attempt = 0; attempt <= MAX_ATTEMPTS; attempt++) {
    const checkpoint = record.read<AttemptCheckpoint>(base + attempt);
    if (checkpoint && isFinalCheckpoint(checkpoint)) return checkpoint;
  }
  return undefined;
}

/** How the act itself ended, also when an operator skipped its node afterwards. */
export function actCheckpoint(record: RunRecord, node: PlanNode, item?: number): FinalCheckpoint | undefined {
  const checkpoint = finalCheckpoint(record, node, item);
  if (checkpoint?.byHand !== 'skip') return checkpoint;
  const { base } = actIds(node, item);
  const attempts = Array.from({ length: MAX_ATTEMPTS }, (_, index) => record.read<AttemptCheckpoint>(base + 1 + index));
  return attempts.find((attempt) => attempt !== undefined && isFinalCheckpoint(attempt));
}

function resultFrom(node: PlanNode, record: RunRecord): NodeResult | undefined {
  if (node.kind === 'activity' && !node.forEach) {
    const checkpoint = finalCheckpoint(record, node);
    return checkpoint && resultOf(checkpoint);
  }
  const settled = record.read<FinalCheckpoint>(settledId(node));
  if (!settled) return undefined;
  const result = resultOf(settled);
  if (node.kind !== 'activity' || result.status !== 'completed' || settled.byHand) return result;
  return { ...result, value: itemValues(record, node, settled.items ?? 0) };
}

function itemValues(record: RunRecord, node: ActivityNode, count: number): Json {
  return Array.from({ length: count }, (_, item) => {
    const outcome = finalCheckpoint(record, node, item)?.outcome;
    return outcome?.ok ? outcome.value : null;
  });
}
