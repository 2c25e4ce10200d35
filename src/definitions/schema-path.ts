// What a JSON Schema says about the value at a path: its type, its keys, or nothing.
import { isJsonObject } from '../kernel/index.ts';
import type { Json, JsonObject } from '../kernel/index.ts';
import { isJsonList, resolveRef } from './schema-keywords.ts';

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';

/** A schema and the document its references point into. */
export interface RootedSchema {
  readonly schema: JsonObject;
  readonly root: JsonObject;
}

export type SchemaStep =
  | { readonly found: RootedSchema }
  /** The schema says nothing about this path. */
  | { readonly found: undefined; readonly missing?: undefined }
  /** The schema lists the keys here and this is none of them; `closed` when no other may appear. */
  | {
      readonly found: undefined;
      readonly missing: string;
      readonly known: readonly string[];
      readonly closed: boolean;
    };

const UNKNOWN: SchemaStep = { found: undefined };

export function rooted(schema: JsonObject): RootedSchema {
  return { schema, root: schema };
}

export function schemaAt(start: RootedSchema, path: readonly string[]): SchemaStep {
  let current: SchemaStep = { found: dereference(start) };
  for (const key of path) {
    if (!current.found) return current;
    current = stepInto(current.found, key);
  }
  return current;
}

function stepInto({ schema, root }: RootedSchema, key: string): SchemaStep {
  if (isOpenEnded(schema)) return UNKNOWN;
  if (/^\d+$/.test(key) && schema.items !== undefined) return founded(schema.items, root);
  const { properties, additionalProperties } = schema;
  if (!isJsonObject(properties))
    return additionalProperties === undefined ? UNKNOWN : founded(additionalProperties, root);
  if (Object.hasOwn(properties, key)) return founded(properties[key], root);
  if (isJsonObject(additionalProperties)) return founded(additionalProperties, root);
  if (additionalProperties === true || requiredOf(schema).includes(key)) return UNKNOWN;
  return { found: undefined, missing: key, known: Object.keys(properties), closed: additionalProperties === false };
}

// Alternatives may add keys; what they say together is not worked out here.
function isOpenEnded(schema: JsonObject): boolean {
  return ['anyOf', 'oneOf', 'allOf', 'if', 'patternProperties', 'prefixItems', 'unevaluatedProperties'].some(
    (keyword) => Object.hasOwn(schema, keyword),
  );
}

function founded(schema: Json | undefined, root: JsonObject): SchemaStep {
  return isJsonObject(schema) ? { found: dereference({ schema, root }) } : UNKNOWN;
}

function dereference({ schema, root }: RootedSchema): RootedSchema {
  let current = schema;
  // A chain of references longer than this goes in a circle.
  for (let hops = 0; hops < 16 && typeof current.$ref === 'string'; hops++) {
    const target = resolveRef(root, current.$ref);
    if (!isJsonObject(target)) break;
    current = target;
  }
  return { schema: current, root };
}

function requiredOf(schema: JsonObject): readonly Json[] {
  const { required } = schema;
  return isJsonList(required) ? required : [];
}

/** The one JSON type a schema allows, if it is one. */
export function typeOfSchema({ schema }: RootedSchema): JsonType | undefined {
  const { type } = schema;
  if (type === 'integer') return 'number';
  return TYPES.find((known) => known === type);
}

const TYPES: readonly JsonType[] = ['string', 'number', 'boolean', 'null', 'array', 'object'];
