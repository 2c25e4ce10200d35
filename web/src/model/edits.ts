// What an approver may edit of an output, field by field, and the merge patch that the edits amount to. Pure.
import type { Json } from '../api/shapes.ts';
import { readJson } from './schema-form.ts';

export interface EditField {
  /** The member that it is; undefined: the output as a whole. */
  readonly member?: string;
  readonly label: string;
  /** A text is edited as it is, everything else as JSON. */
  readonly kind: 'text' | 'json';
  /** Before it was edited. */
  readonly text: string;
}

export interface Content {
  readonly node: string;
  readonly output: Json;
}

export function editFieldsOf({ node, output }: Content): readonly EditField[] {
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return [fieldOf(undefined, node, output)];
  return Object.entries(output).map(([name, value]) => fieldOf(name, name, value));
}

function fieldOf(member: string | undefined, label: string, value: Json): EditField {
  const isText = typeof value === 'string';
  return { member, label, kind: isText ? 'text' : 'json', text: isText ? value : JSON.stringify(value, null, 2) };
}

/** By node and member: what the fields hold now. */
export type Edited = Readonly<Record<string, string>>;

export function editKey(node: string, { member }: EditField): string {
  return JSON.stringify([node, member ?? null]);
}

/** The patches by node of what differs, or what is wrong with a field. */
export function patchesOf(
  contents: readonly Content[],
  edited: Edited,
): { readonly edits: Readonly<Record<string, Json>>; readonly problems: Readonly<Record<string, string>> } {
  const problems: Record<string, string> = {};
  const edits = contents.flatMap((content): [string, Json][] => {
    const changes = editFieldsOf(content).flatMap((field): { member?: string; value: Json }[] => {
      const key = editKey(content.node, field);
      const text = edited[key] ?? field.text;
      if (text === field.text) return [];
      const read = field.kind === 'text' ? { value: text } : readJson(text);
      if (typeof read !== 'string') return [{ member: field.member, value: read.value }];
      problems[key] = read;
      return [];
    });
    const [first] = changes;
    if (!first) return [];
    if (first.member === undefined) return [[content.node, first.value]];
    return [[content.node, Object.fromEntries(changes.map(({ member = '', value }) => [member, value]))]];
  });
  return { edits: Object.fromEntries(edits), problems };
}
