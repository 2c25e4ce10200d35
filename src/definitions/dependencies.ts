// From `depends_on` to edges between nodes.
import type { Findings } from './findings.ts';
import { findCycle } from './graph.ts';
import type { Edges } from './graph.ts';
import type { ModuleEntry, NodeEntry, Outline } from './outline.ts';

export interface Dependencies {
  readonly modules: Edges;
  readonly nodes: Edges;
}

export function dependenciesOf(outline: Outline, findings: Findings): Dependencies {
  const modules: Edges = new Map(
    outline.modules.map((module) => [module.id, moduleDependencies(module, outline, findings)]),
  );
  const behind = settledBefore(outline, modules);
  const nodes: Edges = new Map(
    outline.modules.flatMap((module) => nodeEdges(module, behind(module.id), outline, findings)),
  );
  reportCycle(modules, nodes, outline, findings);
  return { modules, nodes };
}

function moduleDependencies(module: ModuleEntry, outline: Outline, findings: Findings): readonly string[] {
  const names = module.document.depends_on ?? [];
  const known = names.filter((name, index) => {
    if (outline.module(name)) return true;
    const others = outline.moduleIds.filter((id) => id !== module.id);
    findings.problem(
      [...module.path, 'depends_on', index],
      `unknown module "${name}" in depends_on${findings.didYouMean(name, others)}`,
    );
    return false;
  });
  return [...new Set(known)];
}

/** The nodes a module waits for: all of each dependency's, or, where that has none, what it waits for itself. */
function settledBefore(outline: Outline, modules: Edges): (id: string) => readonly string[] {
  const found = new Map<string, readonly string[]>();
  const behind = (id: string): readonly string[] => {
    const known = found.get(id);
    if (known) return known;
    // Set first: in a cycle, which is reported elsewhere, the way back finds nothing.
    found.set(id, []);
    const nodes = (modules.get(id) ?? []).flatMap((dependency) => {
      const own = outline.module(dependency)?.nodes ?? [];
      return own.length > 0 ? own.map((node) => node.id) : behind(dependency);
    });
    found.set(id, [...new Set(nodes)]);
    return found.get(id) ?? [];
  };
  return behind;
}

function nodeEdges(
  module: ModuleEntry,
  before: readonly string[],
  outline: Outline,
  findings: Findings,
): [string, readonly string[]][] {
  return module.nodes.map((node, position) => {
    const earlier = isSequential(node) ? module.nodes.slice(0, position) : [];
    const previous = earlier.slice(-1).map(({ id }) => id);
    const named = node.kind === 'activity' ? namedDependencies(node, module, earlier, outline, findings) : [];
    return [node.id, [...new Set([...before, ...previous, ...named])]];
  });
}

function isSequential(node: NodeEntry): boolean {
  return node.kind === 'activity' && node.in.type !== 'parallel';
}

function namedDependencies(
  node: NodeEntry & { readonly kind: 'activity' },
  module: ModuleEntry,
  earlier: readonly NodeEntry[],
  outline: Outline,
  findings: Findings,
): readonly string[] {
  return (node.document.depends_on ?? []).flatMap((name, index) => {
    const target = module.nodes.find((sibling) => sibling.name === name) ?? outline.node(name);
    const fault = target ? faultOf(node, target, earlier) : unknownNode(name, module, outline, findings);
    if (fault === undefined && target) return [target.id];
    findings.problem([...node.path, 'depends_on', index], fault ?? '');
    return [];
  });
}

function faultOf(node: NodeEntry, target: NodeEntry, earlier: readonly NodeEntry[]): string | undefined {
  if (!isSequential(node) || earlier.includes(target)) return undefined;
  return `"${target.id}" is no earlier sibling of "${node.id}"; in a sequential module depends_on may add earlier siblings only`;
}

function unknownNode(name: string, module: ModuleEntry, outline: Outline, findings: Findings): string {
  const candidates = [...module.nodes.map((sibling) => sibling.name), ...outline.nodeIds];
  const hint = findings.didYouMean(name, candidates);
  return outline.module(name)
    ? `"${name}" is a module; an activity depends on activities: write "${name}.<activity>", or put depends_on on the module`
    : `unknown activity "${name}" in depends_on${hint}`;
}

// A cycle of modules is also one of their nodes: it is told once, in the shorter words.
function reportCycle(modules: Edges, nodes: Edges, outline: Outline, findings: Findings): void {
  const cycle = findCycle(modules) ?? findCycle(nodes);
  const [first] = cycle ?? [];
  if (!cycle || first === undefined) return;
  const path = outline.module(first)?.path ?? outline.node(first)?.path ?? [];
  findings.problem([...path, 'depends_on'], `cycle in depends_on: ${cycle.join(' -> ')}`);
}
