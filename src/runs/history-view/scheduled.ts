// When each node of a plan became ready: the moment the last of its dependencies was settled, unless the run had turned by then. Pure.
import type { Plan, PlanNode } from '../../definitions/index.ts';
import { recordOfSteps } from '../../durable/index.ts';
import { foldRecord } from '../fold-record.ts';
import type { NodeResult } from '../node-result.ts';
import { TURN } from '../turn.ts';
import type { Turn } from '../turn.ts';
import { PHASE } from './fact.ts';
import type { Draft } from './fact.ts';
import type { RunLog } from './run-log.ts';
import { PART } from './step-facts.ts';
import type { Subject } from './step-place.ts';

/** Of code nobody knows what a call depends on. */
export function factsOfReadiness({ run, plan, steps }: RunLog): Draft[] {
  if (!plan || run.status === 'queued') return [];
  const record = recordOfSteps(steps);
  const results = foldRecord(plan, record);
  const turnedAtMs = record.read<Turn>(TURN.id)?.atMs ?? Number.POSITIVE_INFINITY;
  return plan.nodes.flatMap((node) => {
    if (run.inherited.includes(node.id)) return [];
    const atMs = readyAtMs(plan, node, results, run.started_at.getTime());
    return atMs !== undefined && atMs < turnedAtMs ? [scheduled(node, atMs)] : [];
  });
}

/** Undefined while it is not, and where a dependency failed that it needs. */
function readyAtMs(
  plan: Plan,
  node: PlanNode,
  results: ReadonlyMap<string, NodeResult>,
  startedAtMs: number,
): number | undefined {
  let atMs = startedAtMs;
  for (const id of node.dependencies) {
    const result = results.get(id);
    if (!result || !lets(plan, id, result)) return undefined;
    atMs = Math.max(atMs, result.finishedAtMs);
  }
  return atMs;
}

function lets({ nodes }: Plan, id: string, { status }: NodeResult): boolean {
  if (status === 'completed' || status === 'skipped') return true;
  return nodes.find((node) => node.id === id)?.optional ?? false;
}

function scheduled(node: PlanNode, atMs: number): Draft {
  const subject: Subject = node.kind === 'workflow' ? 'child' : node.kind;
  return {
    atMs,
    kind: `${subject}.scheduled`,
    phase: PHASE.node,
    depth: node.wave,
    part: PART.ready,
    number: node.index,
    node: node.id,
    ...(node.kind === 'activity' && { data: { tool: node.tool, action: node.action } }),
  };
}
