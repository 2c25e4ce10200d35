// Builds a value that fits a JSON Schema, its texts written from a brief. Pure; the schema was checked by check-schema.ts.
import { isJsonObject, type Json, type JsonObject, sha256 } from '../../../src/kernel/index.ts';
import type { Brief } from './brief.ts';
import { phraseFor, pointsOf } from './copy.ts';
import { listIn, resolve, typeOf } from './schema.ts';

const FORMATS: Readonly<Record<string, (brief: Brief) => string>> = {
  'date-time': () => '2030-01-15T09:00:00Z',
  date: () => '2030-01-15',
  time: () => '09:00:00Z',
  email: () => 'hello@acme.example',
  uri: () => 'https://acme.example/',
  uuid: ({ name }) => sha256(name).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5'),
};

/** Recursive schemas end here: optional members are left out and lists stay empty. */
const DEEP = 6;

interface Place {
  readonly root: JsonObject;
  readonly brief: Brief;
  /** The nearest property's name: what the text is about. */
  readonly field: string;
  /** Position in a list, so that items differ. */
  readonly index: number | undefined;
  readonly depth: number;
}

export function fillSchema(root: JsonObject, brief: Brief): Json {
  return fill(root, { root, brief, field: '', index: undefined, depth: 0 });
}

function fill(given: Json | undefined, place: Place): Json {
  const schema = resolve(given, place.root);
  if ('const' in schema) return schema['const'] ?? null;
  const values = listIn(schema, 'enum');
  if (values) return chooseFrom(values, place);
  const options = listIn(schema, 'anyOf') ?? listIn(schema, 'oneOf');
  if (options) return fill(chooseOption(options, place), place);
  return fillByType(schema, place);
}

function fillByType(schema: JsonObject, place: Place): Json {
  const type = typeOf(schema);
  if (type === 'object') return fillObject(schema, place);
  if (type === 'array') return fillArray(schema, place);
  if (type === 'integer' || type === 'number') return fillNumber(schema, place);
  if (type === 'boolean') return true;
  return type === 'null' ? null : fillString(schema, place);
}

/** The brief's tone where it is among the values, else one by the seed. */
function chooseFrom(values: readonly Json[], { brief }: Place): Json {
  return values.find((value) => value === brief.tone) ?? values[brief.seed % values.length] ?? null;
}

function chooseOption(options: readonly Json[], { root, depth }: Place): Json | undefined {
  const nothing = options.find((option) => typeOf(resolve(option, root)) === 'null');
  return depth > DEEP && nothing !== undefined ? nothing : options[0];
}

function fillObject(schema: JsonObject, place: Place): JsonObject {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const required = listIn(schema, 'required') ?? [];
  const wanted = Object.keys(properties).filter((name) => place.depth <= DEEP || required.includes(name));
  return Object.fromEntries(
    wanted.map((field) => [field, fill(properties[field], { ...place, field, depth: place.depth + 1 })]),
  );
}

function fillArray(schema: JsonObject, place: Place): Json[] {
  const least = numberOr(schema['minItems'], 0);
  const count = place.depth > DEEP ? least : Math.min(Math.max(3, least), numberOr(schema['maxItems'], Infinity));
  return Array.from({ length: count }, (_, index) =>
    fill(schema['items'] ?? {}, { ...place, index, depth: place.depth + 1 }),
  );
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** Within its bounds, else between 0 and 100; a multiple where one is asked for, as for every integer. */
function fillNumber(schema: JsonObject, { brief, index = 0 }: Place): number {
  const range = rangeOf(schema);
  const step = numberOr(schema['multipleOf'], typeOf(schema) === 'integer' ? 1 : 0);
  if (step === 0) return range.low + (range.high - range.low) * ((((brief.seed + index) % 97) + 1) / 99);
  const first =
    schema['exclusiveMinimum'] === undefined ? Math.ceil(range.low / step) : Math.floor(range.low / step) + 1;
  const last =
    schema['exclusiveMaximum'] === undefined ? Math.floor(range.high / step) : Math.ceil(range.high / step) - 1;
  return (first + ((brief.seed + index) % Math.max(last - first + 1, 1))) * step;
}

function rangeOf(schema: JsonObject): Range {
  const low = schema['minimum'] ?? schema['exclusiveMinimum'];
  const high = schema['maximum'] ?? schema['exclusiveMaximum'];
  if (typeof low === 'number') return { low, high: numberOr(high, low + 100) };
  return typeof high === 'number' ? { low: Math.min(0, high - 100), high } : { low: 0, high: 100 };
}

function fillString(schema: JsonObject, { brief, field, index }: Place): string {
  const format = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined;
  if (format) return format(brief);
  const text = index === undefined ? phraseFor(field, brief) : (pointsOf(brief, index + 1).at(-1) ?? '');
  return fitLength(text, numberOr(schema['minLength'], 0), numberOr(schema['maxLength'], Infinity));
}

/** Cut at a word where one ends in time; repeated until it is long enough. Lengths count code points, as JSON Schema does. */
function fitLength(text: string, min: number, max: number): string {
  const letters = Array.from(text);
  if (letters.length > max) return cutAtWord(letters.slice(0, max).join(''), min);
  if (letters.length >= min) return text;
  return Array.from(`${text} `.repeat(Math.ceil(min / (letters.length + 1))))
    .slice(0, min)
    .join('');
}

function cutAtWord(text: string, min: number): string {
  const shorter = text.replace(/\s+\S*$/, '');
  return Array.from(shorter).length >= Math.max(min, 1) ? shorter : text;
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
