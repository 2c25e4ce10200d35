// What a node's expressions may read: its ancestors' outputs as the approvals before it left them. Pure.
import type { ModulePlan, Plan, PlanNode, Scope } from '../definitions/index.ts';
import { changesSeenBy } from './changes.ts';
import type { ChangeNote } from './changes.ts';
import { isJsonObject, mergePatch } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import type { NodeResult } from './node-result.ts';

export interface RunFacts {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly tenant: string;
  readonly startedAt: string;
  readonly input: Json;
  /** What approvers asked to be changed; a node reads of it what it was repeated for. */
  readonly changes: readonly ChangeNote[];
}

/** The scope of a node: its ancestors only. */
export function scopeOfNode(
  plan: Plan,
  node: PlanNode,
  results: ReadonlyMap<string, NodeResult>,
  run: RunFacts,
): Scope {
  return scopeOf(plan, new Set(node.ancestors), results, seenBy(plan, run, [node.id]));
}

/** The scope of a module's `when` and `require`: what its nodes may read, and the nodes themselves. */
export function scopeOfModule(
  plan: Plan,
  module: ModulePlan,
  results: ReadonlyMap<string, NodeResult>,
  run: RunFacts,
): Scope {
  const own = plan.nodes.filter((node) => node.module === module.id);
  const visible = new Set(own.flatMap((node) => [node.id, ...node.ancestors]));
  return scopeOf(plan, visible, results, seenBy(plan, run, module.nodes));
}

/** The scope of the run's `output`: everything. */
export function scopeOfRun(plan: Plan, results: ReadonlyMap<string, NodeResult>, run: RunFacts): Scope {
  const all = plan.nodes.map((node) => node.id);
  return scopeOf(plan, new Set(all), results, seenBy(plan, run, all));
}

type SeenFacts = Scope['run'] & Pick<RunFacts, 'input'>;

function seenBy(plan: Plan, { changes, ...run }: RunFacts, nodes: readonly string[]): SeenFacts {
  return { ...run, changes: changesSeenBy(plan, changes, nodes) };
}

function scopeOf(
  plan: Plan,
  visible: ReadonlySet<string>,
  results: ReadonlyMap<string, NodeResult>,
  run: SeenFacts,
): Scope {
  const nodes = plan.nodes.filter((node) => visible.has(node.id));
  const patches = editsInTime(nodes, results);
  const outputs = nodes.map((node) => [node.id, outputOf(node, results.get(node.id), patches)] as const);
  const status = nodes.map((node) => [node.id, results.get(node.id)?.status ?? 'pending'] as const);
  const { input, ...facts } = run;
  return { input, outputs: Object.fromEntries(outputs), status: Object.fromEntries(status), run: facts };
}

// A later reviewer's edit is applied over an earlier one's, wherever the two stand in the document.
function editsInTime(
  nodes: readonly PlanNode[],
  results: ReadonlyMap<string, NodeResult>,
): Readonly<Record<string, Json>>[] {
  const approvals = nodes.filter((node) => node.kind === 'approval').flatMap((node) => results.get(node.id) ?? []);
  return approvals.toSorted((a, b) => a.finishedAtMs - b.finishedAtMs).map(editsOf);
}

/** What reads as the output of an approval that was skipped. */
const NO_DECISION = { decision: null, by: null, at: null, reason: null, edits: null, form: null } as const;

// What did not complete has no output, so an edit cannot give it one.
function outputOf(
  { id, kind }: PlanNode,
  result: NodeResult | undefined,
  patches: readonly Readonly<Record<string, Json>>[],
): Json {
  if (result?.status === 'skipped' && kind === 'approval') return NO_DECISION;
  if (result?.status !== 'completed') return null;
  return patches.reduce(
    (output, edits) => (Object.hasOwn(edits, id) ? mergePatch(output, edits[id] ?? null) : output),
    result.value,
  );
}

function editsOf({ value }: NodeResult): Readonly<Record<string, Json>> {
  return isJsonObject(value) && isJsonObject(value.edits) ? value.edits : {};
}
