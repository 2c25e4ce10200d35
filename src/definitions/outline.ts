// The modules and nodes of a document under their ids.
import type {
  ActivitiesDocument,
  ActivityDocument,
  ApprovalDocument,
  ChildDocument,
  Document,
  ModuleDocument,
  WaitDocument,
} from './document.ts';
import type { Findings } from './findings.ts';
import type { Path } from './path.ts';

export interface ModuleEntry {
  readonly id: string;
  readonly document: ModuleDocument;
  readonly path: Path;
  readonly nodes: readonly NodeEntry[];
}

export type NodeEntry = { readonly id: string; readonly module: string; readonly name: string; readonly path: Path } & (
  | { readonly kind: 'activity'; readonly document: ActivityDocument; readonly in: ActivitiesDocument }
  | { readonly kind: 'approval'; readonly document: ApprovalDocument }
  | { readonly kind: 'wait'; readonly document: WaitDocument }
  | { readonly kind: 'workflow'; readonly document: ChildDocument }
);

export class Outline {
  readonly modules: readonly ModuleEntry[];
  readonly nodes: readonly NodeEntry[];
  readonly #modules: ReadonlyMap<string, ModuleEntry>;
  readonly #nodes: ReadonlyMap<string, NodeEntry>;
  readonly #byName: ReadonlyMap<string, readonly NodeEntry[]>;

  constructor(modules: readonly ModuleEntry[]) {
    this.modules = modules;
    this.nodes = modules.flatMap((module) => module.nodes);
    this.#modules = new Map(modules.map((module) => [module.id, module]));
    this.#nodes = new Map(this.nodes.map((node) => [node.id, node]));
    this.#byName = Map.groupBy(
      this.nodes.filter((node) => node.kind === 'activity'),
      (node) => node.name,
    );
  }

  module(id: string): ModuleEntry | undefined {
    return this.#modules.get(id);
  }

  node(id: string): NodeEntry | undefined {
    return this.#nodes.get(id);
  }

  /** Activities of this name in any module. */
  named(name: string): readonly NodeEntry[] {
    return this.#byName.get(name) ?? [];
  }

  get moduleIds(): readonly string[] {
    return [...this.#modules.keys()];
  }

  get nodeIds(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Names that stand for one activity of the whole document. */
  get shortNames(): readonly string[] {
    return [...this.#byName]
      .filter(([name, nodes]) => nodes.length === 1 && !this.#modules.has(name))
      .map(([name]) => name);
  }
}

/** An id that appears twice is reported and the later one left out. */
export function outlineOf(document: Document, findings: Findings): Outline {
  const seen = new Map<string, Path>();
  const modules = document.modules.flatMap((module, index): ModuleEntry[] => {
    const path = ['modules', index];
    if (isTaken('module id', module.id, [...path, 'id'], seen, findings)) return [];
    return [{ id: module.id, document: module, path, nodes: nodesOf(module, path, findings) }];
  });
  return new Outline(modules);
}

function nodesOf(module: ModuleDocument, path: Path, findings: Findings): readonly NodeEntry[] {
  const { id } = module;
  if (module.type === 'approval') return [{ kind: 'approval', id, module: id, name: id, path, document: module }];
  if (module.type === 'wait') return [{ kind: 'wait', id, module: id, name: id, path, document: module }];
  if (module.type === 'workflow') return [{ kind: 'workflow', id, module: id, name: id, path, document: module }];
  const seen = new Map<string, Path>();
  return module.activities.flatMap((activity, index): NodeEntry[] => {
    const at = [...path, 'activities', index];
    if (isTaken(`activity of "${id}"`, activity.name, [...at, 'name'], seen, findings)) return [];
    return [
      {
        kind: 'activity',
        id: `${id}.${activity.name}`,
        module: id,
        name: activity.name,
        path: at,
        document: activity,
        in: module,
      },
    ];
  });
}

function isTaken(what: string, id: string, path: Path, seen: Map<string, Path>, findings: Findings): boolean {
  const first = seen.get(id);
  if (first) findings.problem(path, `duplicate ${what}: "${id}" is already on line ${findings.lineOf(first)}`);
  else seen.set(id, path);
  return first !== undefined;
}
