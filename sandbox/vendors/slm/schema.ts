// Reading a JSON Schema given as plain JSON: its lists, its type, what its references point at. Pure.
import { isJsonObject, type Json, type JsonObject } from '../../../src/kernel/index.ts';

/** The list under a keyword, or undefined when there is none. */
export function listIn(schema: JsonObject, keyword: string): readonly Json[] | undefined {
  const value = schema[keyword];
  return isList(value) ? value : undefined;
}

/** The one type a value is made of: where several are allowed, the first that is not null. */
export function typeOf(schema: JsonObject): Json {
  const types = listIn(schema, 'type');
  if (types) return types.find((each) => each !== 'null') ?? 'null';
  if (typeof schema['type'] === 'string') return schema['type'];
  if (isJsonObject(schema['properties'])) return 'object';
  return schema['items'] === undefined ? 'string' : 'array';
}

/** What `#/$defs/name` and the like stand for, or undefined. */
export function lookUp(root: JsonObject, reference: string): Json | undefined {
  const steps = reference.replace(/^#\/?/, '').split('/').filter(Boolean);
  const names = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<Json | undefined>(
    (at, name) => (isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined),
    root,
  );
}

/** The schema itself, or the one its `$ref` leads to. */
export function resolve(given: Json | undefined, root: JsonObject): JsonObject {
  let schema: Json | undefined = given;
  for (let hops = 0; isJsonObject(schema) && typeof schema['$ref'] === 'string' && hops < MAX_HOPS; hops++) {
    schema = lookUp(root, schema['$ref']);
  }
  return isJsonObject(schema) ? schema : {};
}

/** References that lead round in a circle end here. */
const MAX_HOPS = 10;

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
