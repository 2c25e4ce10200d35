// Outputs that an approver may edit, as text fields of a form; and back, as a merge patch of what was changed. Pure.
import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts';

/** One text of one node's output. */
export interface EditField {
  readonly name: string;
  readonly node: string;
  readonly label: string;
  readonly value: string;
  /** A list of texts is edited one a line. */
  readonly kind: 'text' | 'lines';
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: string;
  readonly kind: EditField['kind'];
}

/** Every text and list of texts; numbers and other values are not for editing by hand. */
export function editFields(outputs: ReadonlyMap<string, Json>): EditField[] {
  return [...outputs].flatMap(([node, output]) =>
    leavesOf(output).map(({ path, value, kind }) => ({
      name: fieldName(node, path),
      node,
      label: path.length > 0 ? path.map(inWords).join(' / ') : inWords(node),
      value,
      kind,
    })),
  );
}

/** Node id -> merge patch, only of nodes and texts that differ from what they were. */
export function editsFrom(outputs: ReadonlyMap<string, Json>, submitted: ReadonlyMap<string, string>): JsonObject {
  const edits: [string, Json][] = [];
  for (const [node, output] of outputs) {
    const patch = patchOf(node, output, submitted);
    if (patch !== undefined) edits.push([node, patch]);
  }
  return Object.fromEntries(edits);
}

/** The texts that differ from what they were, as they would be. */
export function editedTexts(
  fields: readonly EditField[],
  submitted: ReadonlyMap<string, string>,
): { readonly label: string; readonly before: string; readonly after: string }[] {
  return fields.flatMap(({ name, label, value, kind }) => {
    const text = submitted.get(name);
    if (text === undefined || unixLines(text) === unixLines(value)) return [];
    const after = kind === 'text' ? unixLines(text) : linesOf(text).join('\n');
    return [{ label, before: unixLines(value), after }];
  });
}

function patchOf(node: string, output: Json, submitted: ReadonlyMap<string, string>): Json | undefined {
  let patch: Json | undefined;
  for (const { path, value, kind } of leavesOf(output)) {
    const text = submitted.get(fieldName(node, path));
    if (text === undefined || unixLines(text) === unixLines(value)) continue;
    patch = withValue(patch ?? {}, path, kind === 'text' ? unixLines(text) : linesOf(text));
  }
  return patch;
}

function leavesOf(value: Json, path: readonly string[] = []): Leaf[] {
  if (typeof value === 'string') return [{ path, value, kind: 'text' }];
  if (Array.isArray(value))
    return value.length > 0 && value.every(isLine) ? [{ path, value: value.join('\n'), kind: 'lines' }] : [];
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...path, key])) : [];
}

function isLine(value: Json): boolean {
  return typeof value === 'string' && !/[\r\n]/.test(value);
}

function withValue(target: Json, [key, ...rest]: readonly string[], value: Json): Json {
  if (key === undefined) return value;
  const members = isJsonObject(target) ? target : {};
  return { ...members, [key]: withValue(members[key] ?? {}, rest, value) };
}

function linesOf(text: string): string[] {
  return unixLines(text)
    .split('\n')
    .filter((line) => line.trim() !== '');
}

// Browsers send every line break as CRLF.
function unixLines(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n');
}

function fieldName(node: string, path: readonly string[]): string {
  return `edit:${JSON.stringify([node, ...path])}`;
}

function inWords(name: string): string {
  const words = name.replaceAll(/[_.-]+/g, ' ').trim();
  return (words[0]?.toUpperCase() ?? '') + words.slice(1);
}
