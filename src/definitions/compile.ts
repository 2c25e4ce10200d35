// From the text of a definition to a plan, or to everything that is wrong with it, at once.
import { hashJson, slug } from '../kernel/index.ts';
import type { Json, JsonObject, Problem } from '../kernel/index.ts';
import type { Catalog } from './catalog.ts';
import { sightOfModule, sightOfRun } from './compilation.ts';
import type { Compilation } from './compilation.ts';
import { compileActivity } from './compile-activity.ts';
import { checkBreakers } from './compile-breaker.ts';
import { compileApproval } from './compile-approval.ts';
import { compileChild } from './compile-child.ts';
import { compileWait } from './compile-wait.ts';
import { dependenciesOf } from './dependencies.ts';
import type { Document } from './document.ts';
import { durationMs } from './duration-text.ts';
import { checkExpression, checkTemplate } from './expression-check.ts';
import { Findings } from './findings.ts';
import { ancestorsOf, wavesOf } from './graph.ts';
import { outlineOf } from './outline.ts';
import type { ModuleEntry, NodeEntry } from './outline.ts';
import type { ModulePlan, Plan, PlanNode, StepRange } from './plan.ts';
import { allocateRanges } from './ranges.ts';
import { readDocument } from './read-document.ts';
import { checkSchema } from './schema-check.ts';
import { checkSecrets } from './secret-check.ts';
import { parseSource } from './source.ts';
import type { SourceFormat } from './source.ts';

export interface CompileOptions {
  /** Default yaml, which reads JSON too. */
  readonly format?: SourceFormat;
  readonly catalog: Catalog;
  /** Problems then say `file:line:column` instead of a JSON pointer. */
  readonly fileName?: string;
}

export type Compiled =
  | { readonly ok: true; readonly plan: Plan; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function compileDefinition(source: string, { format, catalog, fileName }: CompileOptions): Compiled {
  const parsed = parseSource(source, format);
  const findings = new Findings(parsed, fileName);
  for (const { position, path, message } of parsed.problems) findings.problemAt(position, path, message);
  if (parsed.value !== undefined) checkSecrets(parsed.value, findings);
  const plan = parsed.value === undefined ? undefined : compileValue(parsed.value, catalog, findings);
  if (!plan || findings.problems.length > 0) return { ok: false, problems: findings.problems };
  return { ok: true, plan, warnings: findings.warnings };
}

function compileValue(value: Json, catalog: Catalog, findings: Findings): Plan | undefined {
  const document = readDocument(value, findings);
  if (!document) return undefined;
  const outline = outlineOf(document, findings);
  const dependencies = dependenciesOf(outline, findings);
  const input = compileInput(document, findings);
  const ancestors = ancestorsOf(dependencies.nodes);
  return compilePlan({ document, outline, dependencies, ancestors, catalog, findings, input }, hashJson(value));
}

function compileInput({ workflow }: Document, findings: Findings): JsonObject {
  if (workflow.input === undefined) return {};
  const path = ['workflow', 'input'];
  const schema = checkSchema(workflow.input, path, findings);
  if (schema.type === undefined || schema.type === 'object') return schema;
  findings.problem([...path, 'type'], `the input of a workflow is an object, not ${JSON.stringify(schema.type)}`);
  return {};
}

function compilePlan(compilation: Compilation, hash: string): Plan {
  const { document, dependencies, findings } = compilation;
  const { workflow } = document;
  const waves = wavesOf(dependencies.nodes);
  const nodes = compileNodes(compilation, waves);
  const modules = compileModules(compilation);
  const timeoutMs = durationMs(workflow.timeout);
  warnAboutPivots(nodes, compilation);
  checkBreakers(servicesOf(nodes), compilation);
  return {
    name: compileName(workflow.name, findings),
    title: workflow.name,
    version: workflow.version ?? `0.0.0-${hash.slice(0, 8)}`,
    hash,
    ...(workflow.description !== undefined && { description: workflow.description }),
    priority: workflow.priority ?? 'normal',
    execution: workflow.execution ?? 'eager',
    onFailure: workflow.on_failure ?? 'compensate',
    compensationOrder: workflow.compensation_order ?? 'reverse_graph',
    ...(timeoutMs !== undefined && { timeoutMs }),
    input: compilation.input,
    modules,
    nodes,
    waves,
    ...(document.output !== undefined && {
      output: checkTemplate(document.output, ['output'], sightOfRun(compilation), findings).template,
    }),
    messageTopics: topicsOf(nodes),
  };
}

function servicesOf(nodes: readonly PlanNode[]): ReadonlySet<string> {
  const acts = nodes.flatMap((node) => (node.kind === 'activity' ? [node, node.compensation ?? node] : []));
  return new Set(acts.map(({ tool, breaker }) => breaker?.service ?? tool));
}

function compileName(title: string, findings: Findings): string {
  const name = slug(title);
  if (name === '') findings.problem(['workflow', 'name'], `"${title}" has no letter or digit to make a name of`);
  return name;
}

function topicsOf(nodes: readonly PlanNode[]): readonly string[] {
  return [
    ...new Set(
      nodes.flatMap((node) => (node.kind === 'wait' && node.wait.kind === 'message' ? [node.wait.topic] : [])),
    ),
  ];
}

function compileNodes(compilation: Compilation, waves: Plan['waves']): readonly PlanNode[] {
  const { outline, findings } = compilation;
  const waveOf = new Map(waves.flatMap((ids, wave) => ids.map((id) => [id, wave] as const)));
  const ranges = allocateRanges(
    outline.nodes.map((node) => ({ fansOut: node.kind === 'activity' && node.document.for_each !== undefined })),
  );
  if (!ranges)
    findings.problem(['modules'], 'the workflow needs more than 2^31 step ids; use fewer activities with for_each');
  return outline.nodes.map((entry, index) =>
    compileNode(
      entry,
      { index, wave: waveOf.get(entry.id) ?? 0, range: ranges?.[index] ?? { base: 0, size: 0 } },
      compilation,
    ),
  );
}

function compileNode(
  entry: NodeEntry,
  place: { index: number; wave: number; range: StepRange },
  compilation: Compilation,
): PlanNode {
  const { id, module, name } = entry;
  const dependencies = compilation.dependencies.nodes.get(id) ?? [];
  const base = { id, module, name, ...place, dependencies, ancestors: compilation.ancestors.get(id) ?? [] };
  switch (entry.kind) {
    case 'activity':
      return { ...base, ...compileActivity(entry, compilation) };
    case 'approval':
      return { ...base, ...compileApproval(entry, compilation) };
    case 'wait':
      return { ...base, ...compileWait(entry, compilation) };
    case 'workflow':
      return { ...base, ...compileChild(entry, compilation) };
  }
}

function compileModules(compilation: Compilation): readonly ModulePlan[] {
  const { outline, dependencies } = compilation;
  const order = wavesOf(dependencies.modules).flat();
  const shareOf = (id: string): number => Math.round((100 * (order.indexOf(id) + 1)) / outline.modules.length);
  return outline.modules.map((module) => compileModule(module, shareOf(module.id), compilation));
}

function compileModule(module: ModuleEntry, share: number, compilation: Compilation): ModulePlan {
  const { document, path } = module;
  const { findings } = compilation;
  const { when } = document;
  return {
    id: module.id,
    type: document.type ?? 'sequential',
    dependencies: compilation.dependencies.modules.get(module.id) ?? [],
    nodes: module.nodes.map(({ id }) => id),
    ...(when !== undefined && {
      when: checkExpression(when, 'boolean', [...path, 'when'], sightOfModule(compilation, module, 'when'), findings),
    }),
    optional: document.optional ?? false,
    progress: document.progress ?? share,
    ...activityRules(module, compilation),
  };
}

// Approvals and waits have a timeout of their own; they and child runs have nothing to run in parallel.
function activityRules(
  module: ModuleEntry,
  compilation: Compilation,
): Pick<ModulePlan, 'require' | 'timeoutMs' | 'maxParallel'> {
  const { document, path } = module;
  if (document.type === 'approval' || document.type === 'wait') return { maxParallel: 1 };
  const timeoutMs = durationMs(document.timeout);
  if (document.type === 'workflow') return { maxParallel: 1, ...(timeoutMs !== undefined && { timeoutMs }) };
  const { require } = document;
  const sight = sightOfModule(compilation, module, 'require');
  return {
    ...(require !== undefined && {
      require: checkExpression(require, 'boolean', [...path, 'require'], sight, compilation.findings),
    }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    maxParallel: document.max_parallel ?? Math.max(1, module.nodes.length),
  };
}

function warnAboutPivots(nodes: readonly PlanNode[], { outline, findings }: Compilation): void {
  const pivots = new Set(nodes.filter((node) => node.kind === 'activity' && node.irreversible).map(({ id }) => id));
  for (const approval of nodes.filter((node) => node.kind === 'approval')) {
    for (const id of approval.ancestors.filter((ancestor) => pivots.has(ancestor))) {
      const path = [...(outline.node(id)?.path ?? []), 'irreversible'];
      findings.warning(
        path,
        `"${id}" is irreversible and comes before the approval "${approval.id}": a rejection cannot take it back`,
        'key',
      );
    }
  }
}
