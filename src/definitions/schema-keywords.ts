// Which JSON Schemas a definition may carry: a list of keywords whose cost on any value is bounded by the size of schema and value.
import { didYouMean, isJsonObject } from '../kernel/index.ts';
import type { Json, JsonObject } from '../kernel/index.ts';
import { patternFault } from './pattern.ts';
import type { Path } from './path.ts';

type Kind = 'plain' | 'names' | 'schema' | 'schemas' | 'schemaMap' | 'pattern' | 'format' | 'ref';

const KEYWORDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    ...plain(
      'type enum const required minItems maxItems uniqueItems minContains maxContains minLength maxLength minimum maximum exclusiveMinimum',
      'exclusiveMaximum multipleOf minProperties maxProperties',
      '$schema $comment title description default examples deprecated readOnly writeOnly',
    ),
    ...of('schema', 'items additionalProperties contains propertyNames not if then else'),
    ...of('schemas', 'allOf anyOf oneOf prefixItems'),
    ...of('schemaMap', 'properties $defs'),
    dependentRequired: 'names',
    pattern: 'pattern',
    format: 'format',
    $ref: 'ref',
  } satisfies Record<string, Kind>),
);

export const FORMATS = [
  'date-time',
  'date',
  'time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
] as const;

/** Subschemas that one value may meet, references followed: beyond this a schema costs too much to check. */
const MAX_EXPANSION = 2_000;

const MAX_DEPENDENT_NAMES = 200;

export interface SchemaFault {
  readonly path: Path;
  readonly message: string;
  readonly part?: 'key';
}

export function schemaFaults(schema: JsonObject): readonly SchemaFault[] {
  const faults: SchemaFault[] = [];
  inspect(schema, [], faults);
  if (faults.length > 0) return faults;
  const size = new Expansion(schema).sizeOf(schema);
  if (size === Number.POSITIVE_INFINITY)
    return [{ path: [], message: 'a schema that refers to itself is not supported yet' }];
  return size > MAX_EXPANSION
    ? [{ path: [], message: `the schema has more than ${MAX_EXPANSION} parts, references followed` }]
    : [];
}

function inspect(schema: Json, path: Path, faults: SchemaFault[]): void {
  if (typeof schema === 'boolean') return;
  if (!isJsonObject(schema)) {
    faults.push({ path, message: 'must be a JSON Schema' });
    return;
  }
  for (const [keyword, value] of Object.entries(schema)) inspectKeyword(keyword, value, [...path, keyword], faults);
}

function inspectKeyword(keyword: string, value: Json, path: Path, faults: SchemaFault[]): void {
  const kind = KEYWORDS.get(keyword);
  const message =
    kind === undefined
      ? `JSON Schema keyword "${keyword}" is not accepted${didYouMean(keyword, KEYWORDS.keys())}`
      : faultOf(kind, value);
  if (message !== undefined) faults.push(kind === undefined ? { path, message, part: 'key' } : { path, message });
  if (kind === 'schema') inspect(value, path, faults);
  if (kind === 'schemas' && Array.isArray(value))
    value.forEach((part: Json, index) => inspect(part, [...path, index], faults));
  if (kind === 'schemaMap' && isJsonObject(value))
    for (const [key, part] of Object.entries(value)) inspect(part, [...path, key], faults);
}

function faultOf(kind: Kind, value: Json): string | undefined {
  if (kind === 'schemas') return Array.isArray(value) ? undefined : 'must be a list of JSON Schemas';
  if (kind === 'schemaMap') return isJsonObject(value) ? undefined : 'must be a map of JSON Schemas';
  if (kind === 'names') return namesFault(value);
  if (kind === 'pattern') return patternFault(value);
  if (kind === 'ref')
    return typeof value === 'string' && /^#(\/|$)/.test(value)
      ? undefined
      : '$ref must point into this schema: "#/$defs/…"';
  if (kind !== 'format' || FORMATS.some((format) => format === value)) return undefined;
  return `format must be one of ${FORMATS.join(', ')}${typeof value === 'string' ? didYouMean(value, FORMATS) : ''}`;
}

// A validator writes them all out for each value that lacks one.
function namesFault(value: Json): string | undefined {
  const lists = isJsonObject(value) ? Object.values(value).filter(isJsonList) : [];
  const names = lists.reduce((sum, list) => sum + list.length, 0);
  return names > MAX_DEPENDENT_NAMES ? `may list at most ${MAX_DEPENDENT_NAMES} names` : undefined;
}

// What one pass over a value may visit: references are followed each time they are met, as a validator follows them. Infinite when they go in a circle.
class Expansion {
  readonly #root: JsonObject;
  readonly #sizes = new Map<string, number>();

  constructor(root: JsonObject) {
    this.#root = root;
  }

  sizeOf(schema: Json): number {
    if (!isJsonObject(schema)) return 1;
    const parts = Object.entries(schema).flatMap(([keyword, value]) => partsOf(keyword, value));
    const own = parts.reduce<number>((sum, part) => sum + this.sizeOf(part), 1);
    return typeof schema.$ref === 'string' ? own + this.#sizeOfRef(schema.$ref) : own;
  }

  #sizeOfRef(ref: string): number {
    const known = this.#sizes.get(ref);
    if (known !== undefined) return known;
    this.#sizes.set(ref, Number.POSITIVE_INFINITY);
    const size = this.sizeOf(resolveRef(this.#root, ref) ?? true);
    this.#sizes.set(ref, size);
    return size;
  }
}

function partsOf(keyword: string, value: Json): readonly Json[] {
  // Definitions cost only where they are referred to.
  if (keyword === '$defs') return [];
  const kind = KEYWORDS.get(keyword);
  if (kind === 'schema') return [value];
  if (kind === 'schemas' && isJsonList(value)) return value;
  return kind === 'schemaMap' && isJsonObject(value) ? Object.values(value) : [];
}

export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The part of a schema that a local reference points to. */
export function resolveRef(root: JsonObject, ref: string): Json | undefined {
  const parts = ref.replace(/^#\/?/, '').split('/').filter(Boolean);
  let current: Json | undefined = root;
  for (const part of parts) {
    if (typeof current !== 'object' || current === null) return undefined;
    const key = decodePointer(part);
    current = new Map<string, Json>(Object.entries(current)).get(key);
  }
  return current;
}

function decodePointer(part: string): string {
  const decoded = part.replaceAll('~1', '/').replaceAll('~0', '~');
  return /%(?![0-9a-f]{2})/i.test(decoded) ? decoded : safeDecode(decoded);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function plain(...lines: string[]): Record<string, Kind> {
  return of('plain', lines.join(' '));
}

function of(kind: Kind, words: string): Record<string, Kind> {
  return Object.fromEntries(words.split(' ').map((word) => [word, kind]));
}
