// Is what an expression reads there to be read: a known name, an ancestor, a declared key? And of which type?
import type { JsonObject } from '../kernel/index.ts';
import type { NodeEntry, Outline } from './outline.ts';
import type { Reference } from './references.ts';
import { rooted, schemaAt, typeOfSchema } from './schema-path.ts';
import type { JsonType, RootedSchema } from './schema-path.ts';
import { SCOPE_NAMES } from './scope.ts';
import type { ScopeName } from './scope.ts';

/** What may be read at one place of a document. */
export interface Sight {
  /** In words: `"design.render"`, `the output`. */
  readonly reader: string;
  readonly names: ReadonlySet<ScopeName>;
  /** Nodes whose outputs and status are in scope. */
  readonly nodes: ReadonlySet<string>;
  readonly outline: Outline;
  /** Schemas of the values at the root of the scope, as far as they are known. */
  readonly schemas: ReadonlyMap<ScopeName, JsonObject>;
  /** `; did you mean "x"?` or nothing. */
  didYouMean(name: string, candidates: readonly string[]): string;
  /** The schema of a node's output. */
  outputOf(node: NodeEntry): JsonObject | undefined;
}

export type ReferenceCheck =
  | { readonly ok: true; readonly schema?: RootedSchema }
  | { readonly ok: false; readonly message: string; readonly severity: 'problem' | 'warning' };

// CEL's names of types, as in `type(x) == string`.
const TYPE_NAMES: ReadonlySet<string> = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
]);

const WHERE_KNOWN: Readonly<Partial<Record<ScopeName, string>>> = {
  item: 'in an activity with for_each',
  index: 'in an activity with for_each',
  result: 'in the arguments of a compensation',
};

export function checkReference(reference: Reference, sight: Sight): ReferenceCheck {
  const [root = '', ...path] = reference;
  const name = SCOPE_NAMES.find((known) => known === root);
  if (name === undefined) return TYPE_NAMES.has(root) ? { ok: true } : refuse(unknownName(root, sight));
  if (!sight.names.has(name)) return refuse(`"${root}" is known only ${WHERE_KNOWN[name] ?? 'elsewhere'}`);
  if (name === 'outputs' || name === 'status') return checkNode(name, path, reference, sight);
  const schema = sight.schemas.get(name);
  return schema ? checkPath(rooted(schema), path, root, sight) : { ok: true };
}

export function typeOfReference(reference: Reference, sight: Sight): JsonType | undefined {
  // What is wrong is said where references are checked; hints cost, and would be thrown away here.
  const check = checkReference(reference, { ...sight, didYouMean: () => '' });
  return check.ok && check.schema ? typeOfSchema(check.schema) : undefined;
}

function unknownName(root: string, sight: Sight): string {
  const outputs = [...sight.outline.shortNames, ...sight.outline.moduleIds].includes(root)
    ? `; did you mean "outputs.${root}"?`
    : '';
  return `unknown name "${root}"${outputs || sight.didYouMean(root, [...sight.names])}`;
}

function checkNode(
  root: 'outputs' | 'status',
  path: readonly string[],
  reference: Reference,
  sight: Sight,
): ReferenceCheck {
  const [first, second] = path;
  if (first === undefined) return { ok: true };
  const module = sight.outline.module(first);
  if (!module) return root === 'outputs' ? checkShortName(first, path, sight) : refuse(unknownNode(root, first, sight));
  const [only] = module.nodes;
  if (only && only.kind !== 'activity') return checkVisible(only, path.slice(1), root, sight);
  if (second === undefined) return checkModule(first, module.nodes, sight);
  const node = module.nodes.find((candidate) => candidate.name === second);
  if (node) return checkVisible(node, path.slice(2), root, sight);
  const names = module.nodes.map((candidate) => candidate.name);
  return refuse(
    `unknown reference "${reference.slice(0, 3).join('.')}": module "${first}" has no activity "${second}"${sight.didYouMean(second, names)}`,
  );
}

function checkShortName(name: string, path: readonly string[], sight: Sight): ReferenceCheck {
  const [node, ...others] = sight.outline.named(name);
  if (!node) return refuse(unknownNode('outputs', name, sight));
  if (others.length === 0) return checkVisible(node, path.slice(1), 'outputs', sight);
  const choices = [node, ...others].map(({ id }) => `outputs.${id}`).join(' or ');
  return refuse(`"outputs.${name}" may be any of several activities; write ${choices}`);
}

function unknownNode(root: string, name: string, { outline, didYouMean }: Sight): string {
  const short = root === 'outputs' ? outline.shortNames : [];
  return `unknown reference "${root}.${name}"${didYouMean(name, [...outline.moduleIds, ...short])}`;
}

// The map of a module's outputs holds the visible ones.
function checkModule(id: string, nodes: readonly NodeEntry[], sight: Sight): ReferenceCheck {
  const visible = nodes.length === 0 || nodes.some((node) => sight.nodes.has(node.id));
  return visible ? { ok: true } : refuse(notAnAncestor(id, sight));
}

function checkVisible(
  node: NodeEntry,
  rest: readonly string[],
  root: 'outputs' | 'status',
  sight: Sight,
): ReferenceCheck {
  if (!sight.nodes.has(node.id)) return refuse(notAnAncestor(node.id, sight));
  if (root === 'status') return checkPath(rooted({ type: 'string' }), rest, `status.${node.id}`, sight);
  const schema = sight.outputOf(node);
  return schema ? checkPath(rooted(schema), rest, `outputs.${node.id}`, sight) : { ok: true };
}

function notAnAncestor(id: string, { reader }: Sight): string {
  return `"${id}" is not an ancestor of ${reader}, so its output may not be there yet; add it to depends_on`;
}

function checkPath(start: RootedSchema, path: readonly string[], name: string, sight: Sight): ReferenceCheck {
  const step = schemaAt(start, path);
  if (step.found) return { ok: true, schema: step.found };
  if (step.missing === undefined) return { ok: true };
  const hint = sight.didYouMean(step.missing, step.known);
  const message = `unknown reference "${[name, ...path].join('.')}": there is no "${step.missing}"${hint}`;
  // JSON Schema lets keys through that it does not name; only a likely slip of the pen refuses the definition then.
  return { ok: false, message, severity: step.closed || hint !== '' ? 'problem' : 'warning' };
}

function refuse(message: string): ReferenceCheck {
  return { ok: false, message, severity: 'problem' };
}
