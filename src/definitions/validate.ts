// Checks a value against a JSON Schema 2020-12: inputs, forms, edits and outputs. Patterns run on RE2, uniqueness is linear, nothing is logged.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { canonicalJson, didYouMean, findUnsafe, hashJson, messageOf } from '../kernel/index.ts';
import type { Json, JsonObject, Problem } from '../kernel/index.ts';
import { TooMuchToCheckError, withCheckBudget } from './check-budget.ts';
import { MAX_MATCHED_LENGTH, matches } from './pattern.ts';
import { RecentlyUsed } from './recently-used.ts';
import { spendSchema } from './schema-cost.ts';
import { FORMATS } from './schema-keywords.ts';

const MAX_PROBLEMS = 100;

export interface Validated {
  /** A copy, with the schema's `default`s filled in where the value has nothing. */
  readonly value: Json;
  readonly problems: readonly Problem[];
}

const byText = new RecentlyUsed<ValidateFunction>(500);
// The catalog's schemas are the same objects each time; hashing them would cost more than using them.
const byIdentity = new WeakMap<JsonObject, ValidateFunction>();

function validatorOf(schema: JsonObject): ValidateFunction {
  const known = byIdentity.get(schema) ?? byText.get(hashJson(schema), () => compile(schema));
  byIdentity.set(schema, known);
  return known;
}

/** Every way in which the value does not fit, each at its JSON pointer. */
export function validateValue(schema: JsonObject, value: Json): readonly Problem[] {
  return validateWithDefaults(schema, value).problems;
}

export function validateWithDefaults(schema: JsonObject, value: Json): Validated {
  const unsafe = findUnsafe(value);
  if (unsafe) return { value, problems: [{ path: unsafe.path, message: unsafe.reason }] };
  const copy = structuredClone(value);
  try {
    return { value: copy, problems: errorsOf(schema, copy).slice(0, MAX_PROBLEMS).map(problemOf) };
  } catch (error) {
    if (!(error instanceof TooMuchToCheckError)) throw error;
    return { value, problems: [{ path: '', message: error.message }] };
  }
}

// Fills in defaults. What it would cost is known before it is done; patterns count as they are matched.
function errorsOf(schema: JsonObject, value: Json): readonly ErrorObject[] {
  const validate = validatorOf(schema);
  return withCheckBudget(() => {
    spendSchema(schema, value);
    return validate(value) ? [] : (validate.errors ?? []);
  });
}

/** What makes a schema unusable, or undefined. */
export function brokenSchema(schema: JsonObject): string | undefined {
  try {
    validatorOf(schema);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/^schema is invalid: data/, 'is not a JSON Schema: ');
  }
}

// One instance a schema: Ajv keeps every schema it has seen under its `$id` and for as long as it lives.
function compile(schema: JsonObject): ValidateFunction {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    useDefaults: true,
    logger: false,
    verbose: true,
    ownProperties: true,
    code: { regExp: re2 },
  });
  for (const format of FORMATS) ajv.addFormat(format, fullFormats[format]);
  replacePattern(ajv);
  replaceUniqueItems(ajv);
  return ajv.compile(schema);
}

// For keywords whose names are patterns. Only an adapter's own schema may have them, but a schema may come from anywhere one day.
const re2 = Object.assign((pattern: string) => ({ test: (text: string) => matches(pattern, text) }), { code: '' });

function replacePattern(ajv: Ajv2020): void {
  ajv.removeKeyword('pattern');
  ajv.addKeyword({
    keyword: 'pattern',
    type: 'string',
    schemaType: 'string',
    validate: (pattern: string, text: string) => matches(pattern, text),
    error: { message: ({ schema }) => `must match ${JSON.stringify(schema)}` },
  });
}

function replaceUniqueItems(ajv: Ajv2020): void {
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly Json[]) =>
      !wanted || new Set(items.map(canonicalJson)).size === items.length,
    error: { message: 'must not have the same item twice' },
  });
}

/** Ajv's error in our words: names the key, the values allowed, and the nearest right name. */
export function problemOf(error: ErrorObject): Problem {
  const { params } = error;
  const text = (key: string): string => {
    const param: unknown = params[key];
    return typeof param === 'string' ? param : JSON.stringify(param);
  };
  switch (error.keyword) {
    case 'required':
      return { path: error.instancePath, message: `"${text('missingProperty')}" is missing` };
    case 'additionalProperties': {
      const key = text('additionalProperty');
      return {
        path: `${error.instancePath}/${key}`,
        message: `unknown key "${key}"${didYouMean(key, propertiesOf(error.parentSchema))}`,
      };
    }
    case 'enum':
      return {
        path: error.instancePath,
        message: `must be one of ${JSON.stringify(params.allowedValues)}${nearestValue(error)}`,
      };
    case 'const':
      return { path: error.instancePath, message: `must be ${text('allowedValue')}` };
    case 'pattern':
      return {
        path: error.instancePath,
        message: `must match ${JSON.stringify(error.schema)}, in at most ${MAX_MATCHED_LENGTH} characters`,
      };
    default:
      return { path: error.instancePath, message: error.message ?? `breaks "${error.keyword}"` };
  }
}

function propertiesOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return [];
  return typeof schema.properties === 'object' && schema.properties !== null ? Object.keys(schema.properties) : [];
}

function nearestValue(error: ErrorObject): string {
  const allowed: unknown = error.params.allowedValues;
  if (typeof error.data !== 'string' || !Array.isArray(allowed)) return '';
  return didYouMean(
    error.data,
    allowed.filter((value): value is string => typeof value === 'string'),
  );
}

/** Ajv's raw errors, for callers that judge some of them away. */
export function rawErrors(schema: JsonObject, value: Json): readonly ErrorObject[] {
  return errorsOf(schema, structuredClone(value));
}
