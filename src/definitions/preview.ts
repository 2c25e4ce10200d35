// What a run would do, without doing it: waves, calls with their arguments as far as they are known, undo order, critical path.
import { FailureError, formatDuration } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import type { Catalog, CatalogAction } from './catalog.ts';
import { findAction } from './compilation.ts';
import { evaluate, evaluateList } from './expression.ts';
import { criticalPath, dependentsOf, wavesOf } from './graph.ts';
import { renderLiquid } from './liquid-text.ts';
import type { ActivityNode, ApprovalNode, ChannelPlan, Expression, Plan, PlanNode, Scope, Template } from './plan.ts';
import { referencesOfHole } from './references.ts';
import { mapHoles } from './template.ts';
import type { Hole } from './template.ts';

/** A hole whose value only the run will know: `{ "$unresolved": "outputs.research.notes" }`. */
export interface Unresolved {
  readonly $unresolved: string;
}

export interface PreviewedCall {
  readonly tool: string;
  readonly action: string;
  /** JSON, with {@link Unresolved} in the place of what only the run will know. */
  readonly arguments: Json;
}

export interface PreviewedNode {
  readonly id: string;
  readonly kind: PlanNode['kind'];
  readonly dependsOn: readonly string[];
  /** false: skipped, as far as the input decides it. */
  readonly when?: boolean | Unresolved;
  readonly call?: PreviewedCall;
  /** The circuit breaker that the call goes through, and whether it waits while the service is down. */
  readonly breaker?: { readonly service: string; readonly park: boolean };
  /** How many items a for_each runs over. */
  readonly items?: number | Unresolved;
  /** How the call's idempotency key is made, and how a repeat is recognised. */
  readonly key?: { readonly madeFrom: readonly string[]; readonly keyedBy: CatalogAction['keyedBy'] };
  readonly compensation?: PreviewedCall | 'irreversible' | 'none';
  /** Whom an approval asks, until when, and who is told of it by which channel. */
  readonly asks?: PreviewedQuestion;
  /** The workflow that a child run is of. */
  readonly runs?: { readonly workflow: string; readonly version?: string; readonly input: Json };
  /** Absent where a failure is settled as it is: the node is optional. */
  readonly ifItFails?: PreviewedFailure;
}

export interface PreviewedQuestion {
  readonly title: Json;
  readonly approvers: Json;
  readonly quorum: number;
  readonly timeout: string;
  readonly onTimeout: ApprovalNode['onTimeout'];
  /** In the order of their times; `after` the question, absent: at once. An escalation also asks those in `asks`. */
  readonly tells: readonly {
    readonly after?: string;
    readonly tool: string;
    readonly to: Json;
    readonly asks?: Json;
  }[];
  readonly remindedAfter: readonly string[];
}

/** What a failure of one node would take back, as far as the graph says. */
export interface PreviewedFailure {
  /** What certainly was done before, first to last; the members of one list may run together. */
  readonly undone: readonly (readonly string[])[];
  /** What may have been done beside it. */
  readonly perhaps: readonly string[];
  /** Irreversible acts that were done before: the run is held, and nothing is undone by itself. */
  readonly heldBehind: readonly string[];
}

/** What takes a node back: a call, or, of a child run, the undos of the workflow that it ran. */
export type PreviewedUndo = { readonly undoes: string } & (PreviewedCall | { readonly workflow: string });

export interface PlanPreview {
  readonly waves: readonly (readonly PreviewedNode[])[];
  /** What would be undone, first to last; the members of one list may run together. */
  readonly compensation: readonly (readonly PreviewedUndo[])[];
  readonly criticalPath: { readonly nodes: readonly string[]; readonly longest: string };
}

export function previewPlan(plan: Plan, input: Json, catalog: Catalog): PlanPreview {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const scope = scopeOf(plan, input);
  const { nodes, durationMs } = criticalPath(plan);
  return {
    waves: plan.waves.map((wave) =>
      wave
        .flatMap((id) => byId.get(id) ?? [])
        .map((node) => ({
          ...previewNode(node, scope, catalog),
          ...(plan.onFailure === 'compensate' && !node.optional && { ifItFails: previewFailure(plan, node) }),
        })),
    ),
    compensation: undoOrder(plan)
      .map((ids) => ids.flatMap((id) => previewUndo(byId.get(id), scope)))
      .filter((calls) => calls.length > 0),
    criticalPath: { nodes, longest: formatDuration(durationMs) },
  };
}

function scopeOf(plan: Plan, input: Json): Scope {
  const run = { id: '', name: plan.name, version: plan.version, tenant: '', startedAt: '', changes: [] };
  return { input, outputs: {}, status: {}, run };
}

function previewNode(node: PlanNode, scope: Scope, catalog: Catalog): PreviewedNode {
  const base = {
    id: node.id,
    kind: node.kind,
    dependsOn: node.dependencies,
    ...(node.when && { when: previewCondition(node.when, scope) }),
  };
  if (node.kind === 'workflow') {
    const { workflow, version, input } = node;
    return { ...base, runs: { workflow, ...(version !== undefined && { version }), input: resolve(input, scope) } };
  }
  if (node.kind === 'approval') return { ...base, asks: previewQuestion(node, scope) };
  if (node.kind !== 'activity') return base;
  const action = findAction(catalog, node.tool, node.action);
  return {
    ...base,
    call: { tool: node.tool, action: node.action, arguments: resolve(node.with, scope) },
    breaker: { service: node.breaker?.service ?? node.tool, park: node.breaker?.park ?? false },
    ...(node.forEach && { items: previewItems(node.forEach, scope) }),
    ...(action?.effect && {
      key: { madeFrom: ['run', node.id, ...(node.forEach ? ['item'] : []), 'epoch'], keyedBy: action.keyedBy },
    }),
    compensation: compensationOf(node, scope),
  };
}

function previewQuestion(node: ApprovalNode, scope: Scope): PreviewedQuestion {
  const { title, approvers, quorum, timeoutMs, onTimeout, notify = [], remindAtMs = [], escalate = [] } = node;
  const channel = ({ tool, to }: ChannelPlan) => ({ tool, to: resolve(to, scope) });
  const inSlack = notify.filter(({ tool }) => tool === 'slack');
  return {
    title: resolve(title, scope),
    approvers: resolve(approvers, scope),
    quorum,
    timeout: formatDuration(timeoutMs),
    onTimeout,
    tells: [
      ...notify.map(channel),
      ...escalate.flatMap((escalation) =>
        (escalation.notify ?? inSlack).map((plan) => ({
          after: formatDuration(escalation.afterMs),
          ...channel(plan),
          asks: resolve(escalation.to, scope),
        })),
      ),
    ],
    remindedAfter: remindAtMs.map(formatDuration),
  };
}

function compensationOf(node: ActivityNode, scope: Scope): PreviewedNode['compensation'] {
  if (node.irreversible) return 'irreversible';
  return undoCall(node, scope) ?? 'none';
}

function previewUndo(node: PlanNode | undefined, scope: Scope): readonly PreviewedUndo[] {
  if (node?.kind === 'workflow') return [{ undoes: node.id, workflow: node.workflow }];
  const call = node?.kind === 'activity' ? undoCall(node, scope) : undefined;
  return node && call ? [{ undoes: node.id, ...call }] : [];
}

function undoCall({ id, compensation }: ActivityNode, scope: Scope): PreviewedCall | undefined {
  if (!compensation) return undefined;
  const { tool, action, with: template } = compensation;
  const made: Unresolved = { $unresolved: `made by ${tool} from what ${id} answers` };
  return { tool, action, arguments: template === undefined ? { ...made } : resolve(template, scope) };
}

function previewFailure(plan: Plan, at: PlanNode): PreviewedFailure {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const before = new Set(at.ancestors);
  const undone = undoOrder(plan).map((ids) => ids.filter((id) => before.has(id) && isTakenBack(byId.get(id))));
  const beside = plan.nodes.filter(
    (node) => node !== at && !before.has(node.id) && !node.ancestors.includes(at.id) && isTakenBack(node),
  );
  const pivots = plan.nodes.filter((node) => node.kind === 'activity' && node.irreversible && before.has(node.id));
  return {
    undone: undone.filter((ids) => ids.length > 0),
    perhaps: beside.map(({ id }) => id),
    heldBehind: pivots.map(({ id }) => id),
  };
}

function isTakenBack(node: PlanNode | undefined): boolean {
  return node?.kind === 'workflow' || (node?.kind === 'activity' && node.compensation !== undefined);
}

/** Dependents before what they depend on; one at a time where the document says `lifo`. */
function undoOrder(plan: Plan): readonly (readonly string[])[] {
  const edges = new Map(plan.nodes.map((node) => [node.id, node.dependencies]));
  if (plan.compensationOrder === 'lifo')
    return wavesOf(edges)
      .flat()
      .toReversed()
      .map((id) => [id]);
  return wavesOf(dependentsOf(edges));
}

function previewCondition(expression: Expression, scope: Scope): boolean | Unresolved {
  const value = resolveHole(holeOf(expression), scope);
  return typeof value === 'boolean' ? value : { $unresolved: expression.cel };
}

function previewItems(expression: Expression, scope: Scope): number | Unresolved {
  const unresolved = { $unresolved: expression.cel };
  return isKnown(holeOf(expression)) ? attempt(() => evaluateList(expression, scope).length, unresolved) : unresolved;
}

function resolve(template: Template, scope: Scope): Json {
  return mapHoles(template, (hole) => resolveHole(hole, scope));
}

function resolveHole(hole: Hole, scope: Scope): Json {
  const unresolved = { $unresolved: hole.source };
  if (!isKnown(hole)) return unresolved;
  const value = (): Json =>
    hole.language === 'cel' ? evaluate({ cel: hole.source }, scope) : renderLiquid(hole.source, scope);
  return attempt(value, unresolved);
}

// Before the run only its input, its name and its version are known.
function isKnown(hole: Hole): boolean {
  return referencesOfHole(hole).every(
    ([root, field]) => root === 'input' || (root === 'run' && (field === 'name' || field === 'version')),
  );
}

// An expression that fails on this input will fail in the run as well; there the failure is told in full.
function attempt<T, U>(compute: () => T, otherwise: U): T | U {
  try {
    return compute();
  } catch (error) {
    if (error instanceof FailureError) return otherwise;
    throw error;
  }
}

function holeOf(expression: Expression): Hole {
  return { path: [], language: 'cel', source: expression.cel };
}
