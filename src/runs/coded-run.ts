// Runs a coded workflow: its calls become nodes of a plan that grows as it goes, so acts, undos and endings are the same as for YAML.
import { RETRY_POLICIES } from '../definitions/index.ts';
import type { Plan, RetryPolicy } from '../definitions/index.ts';
import { ENGINE_RANGE, runStep, stepId, throwIfQuiescing } from '../durable/index.ts';
import { FailureError, didYouMean, failure } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { CANCELLED } from '../tools/index.ts';
import { codedHash, durationOf } from './coded-workflow.ts';
import type { CodedWorkflow, Saga, SagaAct } from './coded-workflow.ts';
import type { ResolvedNode } from './run-activity.ts';
import type { RunBase, RunContext } from './environment.ts';
import { finishForward, goBack } from './run-plan.ts';
import { performAct } from './perform-act.ts';
import { actKey } from './run-activity.ts';
import { actIds } from './step-layout.ts';
import { recordTurn, recordedTurn } from './turn.ts';
import type { Turn } from './turn.ts';

const NODE_SIZE = 4_096;
const DEFAULT_TIMEOUT = '30s';
const DEFAULT_RETRY = 'idempotent_api_call';

/** Thrown by a call that has no record while the workflow is only replayed to learn what it did (K8). */
class Stop extends Error {}

type Ended = { readonly output: Json } | { readonly turn: Omit<Turn, 'atMs'> };

export async function runCoded(base: RunBase, workflow: CodedWorkflow): Promise<void> {
  const context: RunContext & { plan: GrowingPlan } = { ...base, plan: growingPlan(workflow) };
  const turned = recordedTurn(context);
  if (turned) {
    await replay(context, workflow);
    return await goBack(context, turned);
  }
  const ended = await goOn(context, workflow);
  if ('output' in ended) return await finishForward(context, ended.output);
  await goBack(context, await recordTurn(context, ended.turn));
}

async function goOn(context: RunContext & { plan: GrowingPlan }, workflow: CodedWorkflow): Promise<Ended> {
  const cut = new AbortController();
  const unwatch = context.controls.watch(context.facts.id, () => cut.abort(CANCELLED));
  const saga = createSaga(context, cut.signal);
  try {
    return { output: await workflow.run(saga, context.facts.input) };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { turn: await turnOf(context, saga.suspects, error) };
  } finally {
    unwatch();
  }
}

async function turnOf(
  context: RunContext,
  suspects: readonly string[],
  error: FailureError,
): Promise<Omit<Turn, 'atMs'>> {
  const asked = (await context.controls.read(context.facts.id))?.cancel;
  return {
    cause: asked ? 'cancel' : 'failure',
    at: null,
    failure: error.failure,
    compensate: asked?.compensate ?? true,
    suspects,
  };
}

// Rebuilds the plan of what was called; nothing new is done. Author code may do anything with Stop but act.
async function replay(context: RunContext & { plan: GrowingPlan }, workflow: CodedWorkflow): Promise<void> {
  try {
    await workflow.run(createSaga(context, AbortSignal.abort(CANCELLED), 'replay'), context.facts.input);
  } catch (error) {
    if (!(error instanceof Stop) && !(error instanceof FailureError)) throw error;
  }
}

function createSaga(
  context: RunContext & { plan: GrowingPlan },
  signal: AbortSignal,
  mode: 'forward' | 'replay' = 'forward',
) {
  let notes = 16;
  const suspects: string[] = [];
  const saga: Saga & { readonly suspects: readonly string[] } = {
    suspects,
    async run(name, act) {
      const node = context.plan.add(name, act);
      const { base } = actIds(node);
      const recorded = context.record.has(base + 1);
      if (mode === 'replay' && !recorded) throw new Stop();
      throwIfQuiescing();
      if (!recorded && (await context.controls.read(context.facts.id))) {
        if (context.tookOver) suspects.push(name);
        throw new FailureError(failure('CANCELLED', `the run was cancelled before "${name}"`, { kind: 'cancelled' }));
      }
      return await perform(context, node, signal, act.optional ?? false);
    },
    async note(name, read) {
      const id = stepId(ENGINE_RANGE, notes++);
      if (mode === 'replay' && !context.record.has(id)) throw new Stop();
      return await runStep(id, `note ${name}`, async () => await read());
    },
  };
  return saga;
}

async function perform(context: RunContext, node: ResolvedNode, signal: AbortSignal, optional: boolean): Promise<Json> {
  const checkpoint = await performAct(context, {
    stepName: node.id,
    ids: actIds(node),
    tool: node.tool,
    action: node.action,
    args: node.args,
    key: actKey(context, node, undefined),
    retry: node.retry,
    timeoutMs: node.timeoutMs,
    suspect: context.tookOver,
    signal,
  });
  if (checkpoint?.outcome.ok) return checkpoint.outcome.value;
  const error =
    checkpoint && !checkpoint.outcome.ok
      ? checkpoint.outcome.error
      : failure('CANCELLED', `"${node.id}" was cut short`, { kind: 'cancelled' });
  if (optional && error.kind !== 'cancelled') return null;
  throw new FailureError(error);
}

interface GrowingPlan extends Plan {
  readonly nodes: ResolvedNode[];
  add(name: string, act: SagaAct): ResolvedNode;
}

// Each call depends on all before it, so undos run one by one in reverse.
function growingPlan(workflow: CodedWorkflow): GrowingPlan {
  const nodes: ResolvedNode[] = [];
  return {
    name: workflow.name,
    title: workflow.title,
    version: workflow.version,
    hash: codedHash(workflow),
    priority: 'normal',
    execution: 'eager',
    onFailure: 'compensate',
    compensationOrder: 'reverse_graph',
    input: {},
    modules: [],
    waves: [],
    messageTopics: [],
    nodes,
    add(name, act) {
      if (nodes.some((node) => node.id === name))
        throw new TypeError(`two calls of ${workflow.name} are named "${name}"; give each its own name`);
      const node = nodeOf(name, act, nodes);
      nodes.push(node);
      return node;
    },
  };
}

function nodeOf(name: string, act: SagaAct, before: readonly ResolvedNode[]): ResolvedNode {
  const index = before.length;
  const ancestors = before.map((node) => node.id);
  const timeoutMs = durationOf(act.timeout ?? DEFAULT_TIMEOUT);
  const retry = policyOf(act.retry ?? DEFAULT_RETRY);
  const { tool, action, compensation } = act;
  return {
    kind: 'activity',
    id: name,
    name,
    module: name,
    index,
    dependencies: ancestors,
    ancestors,
    wave: index,
    range: { base: ENGINE_RANGE.size + index * NODE_SIZE, size: NODE_SIZE },
    optional: act.optional ?? false,
    tool,
    action,
    with: {},
    args: act.with,
    maxParallel: 1,
    timeoutMs,
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
