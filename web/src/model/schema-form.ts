// A form made of a JSON Schema: its fields, what is filled in to begin with, and the value that what was filled in amounts to. Pure.
import { json, type Json } from '../api/shapes.ts';

export type FieldKind = 'text' | 'long' | 'number' | 'flag' | 'choice' | 'choices' | 'lines' | 'json' | 'group';

export interface Field {
  /** A JSON pointer, as problems name it. */
  readonly path: string;
  readonly title: string;
  readonly hint?: string;
  readonly isRequired: boolean;
  readonly kind: FieldKind;
  /** Of a choice. */
  readonly options?: readonly string[];
  /** Of a group. */
  readonly fields?: readonly Field[];
  readonly name: string;
}

/** What is filled in, by path: a text, or whether a box is ticked, or which of several. */
export type Filled = Readonly<Record<string, string | boolean | readonly string[]>>;

export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

type Schema = Readonly<Record<string, Json>>;

/** A schema that no form can be made of, such as one without properties, has no fields. */
export function fieldsOf(schema: Json, path = ''): readonly Field[] {
  const properties = memberOf(schema, 'properties');
  if (!isObject(properties)) return [];
  const required = textsIn(memberOf(schema, 'required'));
  return requiredFirst(Object.entries(properties), required).map(([name, each]) => {
    const kind = kindOf(each);
    const own = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const hint = hintOf(each, kind);
    return {
      path: own,
      name,
      title: textIn(memberOf(each, 'title')) ?? name,
      isRequired: required.includes(name),
      kind,
      ...(hint !== undefined && { hint }),
      ...(kind === 'choice' && { options: textsIn(memberOf(each, 'enum')) }),
      ...(kind === 'choices' && { options: textsIn(memberOf(memberOf(each, 'items'), 'enum')) }),
      ...(kind === 'group' && { fields: fieldsOf(each, own) }),
    };
  });
}

// The API keeps no order of members; that of a list it does.
function requiredFirst(members: readonly [string, Json][], required: readonly string[]): readonly [string, Json][] {
  const rank = (name: string): number => (required.includes(name) ? required.indexOf(name) : required.length);
  return members.toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

const LONG_TEXT = 200;

function kindOf(schema: Json): FieldKind {
  const type = memberOf(schema, 'type');
  if (isTexts(memberOf(schema, 'enum'))) return 'choice';
  if (type === 'string') return Number(memberOf(schema, 'maxLength') ?? 0) > LONG_TEXT ? 'long' : 'text';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'flag';
  if (type === 'object' && isObject(memberOf(schema, 'properties'))) return 'group';
  const items = memberOf(schema, 'items');
  if (type === 'array' && isTexts(memberOf(items, 'enum'))) return 'choices';
  return type === 'array' && memberOf(items, 'type') === 'string' ? 'lines' : 'json';
}

function hintOf(schema: Json, kind: FieldKind): string | undefined {
  const said = textIn(memberOf(schema, 'description'));
  const format = textIn(memberOf(schema, 'format'));
  const how = kind === 'lines' ? 'one a line' : kind === 'json' ? 'as JSON' : format;
  const parts = [said, how].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** As the schema's defaults, or a value that is known, say. */
export function filledWith(schema: Json, value: Json = {}): Filled {
  return Object.fromEntries(fill(fieldsOf(schema), schema, value));
}

function fill(fields: readonly Field[], schema: Json, value: Json): [string, Filled[string]][] {
  return fields.flatMap((field): [string, Filled[string]][] => {
    const own = memberOf(memberOf(schema, 'properties'), field.name) ?? {};
    const given = memberOf(value, field.name) ?? memberOf(own, 'default');
    if (field.kind === 'group') return fill(field.fields ?? [], own, given ?? {});
    return [[field.path, filledIn(field.kind, given)]];
  });
}

function filledIn(kind: FieldKind, value: Json | undefined): Filled[string] {
  if (kind === 'flag') return value === true;
  if (kind === 'choices') return textsIn(value);
  if (value === undefined || value === null) return '';
  if (kind === 'lines') return textsIn(value).join('\n');
  if (kind === 'json') return JSON.stringify(value, null, 2);
  return typeof value === 'object' ? '' : String(value);
}

/** What is empty is left out, unless it is required and may be empty. */
export function valueOf(
  fields: readonly Field[],
  filled: Filled,
): { value: Schema; problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const entries = fields.flatMap((field): [string, Json][] => {
    if (field.kind === 'group') {
      const inner = valueOf(field.fields ?? [], filled);
      problems.push(...inner.problems);
      return Object.keys(inner.value).length > 0 || field.isRequired ? [[field.name, inner.value]] : [];
    }
    const read = readField(field, filled[field.path]);
    if (typeof read === 'string') problems.push({ path: field.path, message: read });
    return typeof read === 'object' && read.value !== undefined ? [[field.name, read.value]] : [];
  });
  return { value: Object.fromEntries(entries), problems };
}

/** A text: what is wrong with it. */
function readField({ kind, isRequired }: Field, filled: Filled[string] = ''): { value?: Json } | string {
  if (typeof filled === 'boolean') return { value: filled };
  if (typeof filled !== 'string') return filled.length > 0 || isRequired ? { value: filled } : {};
  if (kind === 'lines') {
    const lines = filled.split('\n').filter((line) => line.trim() !== '');
    return lines.length > 0 || isRequired ? { value: lines } : {};
  }
  if (filled === '') return isRequired ? 'is required' : {};
  if (kind === 'number') return Number.isFinite(Number(filled)) ? { value: Number(filled) } : 'is no number';
  return kind === 'json' ? readJson(filled) : { value: filled };
}

export function readJson(text: string): { value: Json } | string {
  try {
    return { value: json.parse(JSON.parse(text)) };
  } catch (error) {
    return `is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Problems that a field shows, by path, and those that none does. */
export function problemsByField(fields: readonly Field[], problems: readonly FieldProblem[]) {
  const paths = new Set(pathsOf(fields));
  const placed = problems.map(({ path, message }) => ({
    path: path.replace(/^\/(?:input|form)(?=\/|$)/, ''),
    message,
  }));
  const at = (path: string): string | undefined => [...paths].find((own) => path === own || path.startsWith(`${own}/`));
  const byPath = Map.groupBy(placed, ({ path }) => at(path));
  return {
    of: (path: string): string => (byPath.get(path) ?? []).map(({ message }) => message).join('; '),
    rest: byPath.get(undefined) ?? [],
  };
}

function pathsOf(fields: readonly Field[]): string[] {
  return fields.flatMap(({ path, fields: inner }) => (inner ? pathsOf(inner) : [path]));
}

function isObject(value: Json | undefined): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
}

function textsIn(value: Json | undefined): readonly string[] {
  return isTexts(value) ? value : [];
}

function textIn(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
