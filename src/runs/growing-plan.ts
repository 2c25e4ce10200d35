// The plan of a coded workflow: a node for each call, in the order of the calls. Pure.
import { RETRY_POLICIES } from '../definitions/index.ts';
import type { Plan, RetryPolicy } from '../definitions/index.ts';
import { ENGINE_RANGE } from '../durable/index.ts';
import { didYouMean } from '../kernel/index.ts';
import { codedHash, durationOf } from './coded-workflow.ts';
import type { CodedWorkflow, SagaAct } from './coded-workflow.ts';
import type { ResolvedNode } from './run-activity.ts';

const NODE_SIZE = 4_096;
const DEFAULT_TIMEOUT = '30s';
const DEFAULT_RETRY = 'idempotent_api_call';

export interface GrowingPlan extends Plan {
  readonly nodes: readonly ResolvedNode[];
  add(name: string, act: SagaAct): ResolvedNode;
}

/** Nobody knows what a call depends on: what was done is undone one by one, the last to finish first. */
export function growingPlan(workflow: CodedWorkflow): GrowingPlan {
  const byName = new Map<string, ResolvedNode>();
  const nodes: ResolvedNode[] = [];
  return {
    name: workflow.name,
    title: workflow.title,
    version: workflow.version,
    hash: codedHash(workflow),
    priority: 'normal',
    execution: 'eager',
    onFailure: 'compensate',
    compensationOrder: 'lifo',
    input: {},
    modules: [],
    waves: [],
    messageTopics: [],
    nodes,
    add(name, act) {
      if (byName.has(name))
        throw new TypeError(`two calls of ${workflow.name} are named "${name}"; give each its own name`);
      const node = nodeOf(name, act, nodes.length);
      byName.set(name, node);
      nodes.push(node);
      return node;
    },
  };
}

function nodeOf(name: string, act: SagaAct, index: number): ResolvedNode {
  const { tool, action, compensation } = act;
  const timeoutMs = durationOf(act.timeout ?? DEFAULT_TIMEOUT);
  const retry = policyOf(act.retry ?? DEFAULT_RETRY);
  return {
    kind: 'activity',
    id: name,
    name,
    module: name,
    index,
    dependencies: [],
    ancestors: [],
    wave: index,
    range: { base: ENGINE_RANGE.size + index * NODE_SIZE, size: NODE_SIZE },
    optional: act.optional ?? false,
    tool,
    action,
    with: {},
    args: act.with,
    maxParallel: 1,
    timeoutMs,
    ...(act.heartbeat !== undefined && { heartbeatMs: durationOf(act.heartbeat) }),
    retry,
    irreversible: false,
    ...(compensation !== undefined && { compensation: { tool, action: compensation, retry, timeoutMs } }),
  };
}

function policyOf(name: string): RetryPolicy {
  const policy = Object.entries(RETRY_POLICIES).find(([known]) => known === name)?.[1];
  if (!policy) throw new TypeError(`unknown retry policy "${name}"${didYouMean(name, Object.keys(RETRY_POLICIES))}`);
  return policy;
}
