// What every part of the compiler works on, and what may be read at each place of the document.
import { isJsonObject } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import type { Catalog, CatalogAction } from './catalog.ts';
import type { Dependencies } from './dependencies.ts';
import type { Document } from './document.ts';
import type { Findings } from './findings.ts';
import type { ModuleEntry, NodeEntry, Outline } from './outline.ts';
import type { Sight } from './reference-check.ts';
import type { ScopeName } from './scope.ts';

export interface Compilation {
  readonly document: Document;
  readonly outline: Outline;
  readonly dependencies: Dependencies;
  readonly ancestors: ReadonlyMap<string, readonly string[]>;
  readonly catalog: Catalog;
  readonly findings: Findings;
  /** Schema of the input; `{}` when the document has none, or one that was refused. */
  readonly input: JsonObject;
}

const ALWAYS: readonly ScopeName[] = ['input', 'outputs', 'status', 'run'];

const RUN_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    version: { type: 'string' },
    tenant: { type: 'string' },
    startedAt: { type: 'string' },
    changes: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          node: { type: 'string' },
          by: { type: 'string' },
          at: { type: 'string' },
          reason: { type: 'string' },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
};

/** What `outputs.<approval>` holds. */
const APPROVAL_SCHEMA: JsonObject = {
  type: 'object',
  properties: { decision: {}, by: {}, at: {}, reason: {}, edits: {}, form: {} },
  additionalProperties: false,
};

/** What a node's own expressions may read: its ancestors, and the names that go with its kind. */
export function sightOfNode(compilation: Compilation, node: NodeEntry, ...names: readonly ScopeName[]): Sight {
  return sight(compilation, `"${node.id}"`, compilation.ancestors.get(node.id) ?? [], names);
}

/** What a module's `when` may read: what all its nodes wait for. `require` reads the module's own nodes too. */
export function sightOfModule(compilation: Compilation, module: ModuleEntry, part: 'when' | 'require'): Sight {
  const own = module.nodes.map((node) => node.id);
  const outside = own.flatMap((id) => compilation.ancestors.get(id) ?? []).filter((id) => !own.includes(id));
  const nodes = part === 'require' ? [...outside, ...own] : outsideOfAll(compilation, own, outside);
  return sight(compilation, `"${part}" of module "${module.id}"`, nodes, []);
}

// An activity may depend on one of another module all by itself; the module does not wait for that one.
function outsideOfAll(
  { ancestors }: Compilation,
  own: readonly string[],
  outside: readonly string[],
): readonly string[] {
  return [...new Set(outside)].filter((id) => own.every((node) => ancestors.get(node)?.includes(id)));
}

/** The run's output is made when everything is settled. */
export function sightOfRun(compilation: Compilation): Sight {
  return sight(compilation, 'the output', compilation.outline.nodeIds, []);
}

function sight(compilation: Compilation, reader: string, nodes: readonly string[], extra: readonly ScopeName[]): Sight {
  const { outline } = compilation;
  const schemas = new Map<ScopeName, JsonObject>([
    ['input', compilation.input],
    ['run', RUN_SCHEMA],
    ['index', { type: 'number' }],
  ]);
  return {
    reader,
    outline,
    schemas,
    names: new Set([...ALWAYS, ...extra]),
    nodes: new Set(nodes),
    didYouMean: (name, candidates) => compilation.findings.didYouMean(name, candidates),
    outputOf: (node) => outputOf(compilation.catalog, node),
  };
}

function outputOf(catalog: Catalog, node: NodeEntry): JsonObject | undefined {
  if (node.kind === 'approval') return APPROVAL_SCHEMA;
  if (node.kind === 'wait' || node.kind === 'workflow') return undefined;
  const { tool, action, with: given, for_each: forEach } = node.document;
  const found = findAction(catalog, tool, action);
  const output = found && outputOfCall(found, given ?? {});
  return output && forEach !== undefined ? { type: 'array', items: output } : output;
}

/** What a call with these arguments answers: some actions are told the schema of their answer. */
function outputOfCall(action: CatalogAction, given: JsonObject): JsonObject | undefined {
  const schema = action.outputSchemaFrom === undefined ? undefined : given[action.outputSchemaFrom];
  if (schema === undefined) return action.output;
  return isJsonObject(schema) ? schema : undefined;
}

export function findAction(catalog: Catalog, tool: string, action: string): CatalogAction | undefined {
  return catalog.tool(tool)?.actions.get(action);
}
