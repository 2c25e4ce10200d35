// What the model refuses in a `response_format` schema before it writes, as OpenAI's structured outputs do. Pure.
import { isJsonObject, type Json, type JsonObject } from '../../../src/kernel/index.ts';
import { listIn, lookUp } from './schema.ts';

/** Keywords that this model cannot promise to honour. */
const UNSUPPORTED = [
  'pattern',
  'patternProperties',
  'propertyNames',
  'allOf',
  'not',
  'if',
  'dependentRequired',
  'dependentSchemas',
  'contains',
  'prefixItems',
];

/** The first fault in words, or undefined. `strict` adds: closed objects whose properties are all required. */
export function schemaFault(root: JsonObject, strict: boolean): string | undefined {
  for (const { schema, context } of subschemas(root, [])) {
    const fault = faultOf(schema, root, strict);
    if (fault !== undefined) return `In context=(${context.map((step) => `'${step}'`).join(', ')}), ${fault}`;
  }
  return undefined;
}

function faultOf(schema: JsonObject, root: JsonObject, strict: boolean): string | undefined {
  const unsupported = UNSUPPORTED.find((keyword) => Object.hasOwn(schema, keyword));
  if (unsupported !== undefined) return `'${unsupported}' is not permitted.`;
  const reference = schema['$ref'];
  if (typeof reference === 'string' && (!reference.startsWith('#') || !lookUp(root, reference)))
    return `reference '${reference}' cannot be resolved.`;
  return strict && isJsonObject(schema['properties']) ? strictFault(schema, schema['properties']) : undefined;
}

function strictFault(schema: JsonObject, properties: JsonObject): string | undefined {
  if (schema['additionalProperties'] !== false)
    return `'additionalProperties' is required to be supplied and to be false.`;
  const required = listIn(schema, 'required') ?? [];
  const missing = Object.keys(properties).find((name) => !required.includes(name));
  if (missing === undefined) return undefined;
  return `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
}

interface Subschema {
  readonly schema: JsonObject;
  readonly context: readonly string[];
}

function* subschemas(schema: Json | undefined, context: readonly string[]): Generator<Subschema> {
  if (!isJsonObject(schema)) return;
  yield { schema, context };
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const named = schema[keyword];
    if (!isJsonObject(named)) continue;
    for (const [name, child] of Object.entries(named)) yield* subschemas(child, [...context, keyword, name]);
  }
  yield* subschemas(schema['items'], [...context, 'items']);
  for (const keyword of ['anyOf', 'oneOf']) {
    for (const [index, option] of (listIn(schema, keyword) ?? []).entries())
      yield* subschemas(option, [...context, keyword, String(index)]);
  }
}
