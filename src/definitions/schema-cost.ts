// Goes through a schema and a value as a validator would, and spends a step for each thing that it would look at. Pure but for the budget.
import { isJsonObject } from '../kernel/index.ts';
import type { Json, JsonObject } from '../kernel/index.ts';
import { spendCheck, TooMuchToCheckError } from './check-budget.ts';
import { isJsonList, resolveRef } from './schema-keywords.ts';

/** Throws a TooMuchToCheckError before a validator would do too much. */
export function spendSchema(schema: JsonObject, value: Json): void {
  new Walk(schema).visit(schema, value);
}

/** Each name that is missing makes a fault, which costs more than finding it. */
const STEPS_A_NAME = 4;

/** Deeper than this only a schema goes that refers to itself. */
const MAX_DEPTH = 1_500;

const SAME_VALUE = ['not', 'if', 'then', 'else'] as const;
const ALTERNATIVES = ['allOf', 'anyOf', 'oneOf'] as const;

class Walk {
  readonly #root: JsonObject;
  readonly #resolved = new Map<string, Json | undefined>();
  #depth = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  visit(schema: Json | undefined, value: Json): void {
    spendCheck(1);
    if (!isJsonObject(schema)) return;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new TooMuchToCheckError();
    this.#visitKeywords(schema, value);
    this.#depth -= 1;
  }

  #visitKeywords(schema: JsonObject, value: Json): void {
    spendCheck(Object.keys(schema).length);
    if (typeof schema.$ref === 'string') this.visit(this.#resolve(schema.$ref), value);
    for (const keyword of SAME_VALUE) if (Object.hasOwn(schema, keyword)) this.visit(schema[keyword], value);
    for (const keyword of ALTERNATIVES) for (const part of listOf(schema[keyword])) this.visit(part, value);
    this.#compare(schema, value);
    if (typeof value === 'string') spendCheck(value.length / 64);
    else if (isJsonList(value)) this.#visitItems(schema, value);
    else if (isJsonObject(value)) this.#visitMembers(schema, value);
  }

  #resolve(ref: string): Json | undefined {
    if (!this.#resolved.has(ref)) this.#resolved.set(ref, resolveRef(this.#root, ref));
    return this.#resolved.get(ref);
  }

  // Against each of the values that are allowed.
  #compare(schema: JsonObject, value: Json): void {
    spendCheck(listOf(schema.enum).length);
    if (typeof value !== 'object' || value === null) return;
    spendWhole(schema.enum);
    spendWhole(schema.const);
  }

  #visitItems(schema: JsonObject, items: readonly Json[]): void {
    const first = listOf(schema.prefixItems);
    if (schema.uniqueItems === true) spendWhole(items);
    for (const [index, item] of items.entries()) {
      if (index < first.length) this.visit(first[index], item);
      else if (schema.items !== undefined) this.visit(schema.items, item);
      if (schema.contains !== undefined) this.visit(schema.contains, item);
    }
  }

  #visitMembers(schema: JsonObject, members: JsonObject): void {
    const properties = isJsonObject(schema.properties) ? schema.properties : {};
    spendCheck(STEPS_A_NAME * listOf(schema.required).length);
    if (isJsonObject(schema.dependentRequired))
      for (const names of Object.values(schema.dependentRequired)) spendCheck(1 + STEPS_A_NAME * listOf(names).length);
    for (const [key, part] of Object.entries(properties)) this.#visitProperty(part, members, key);
    for (const [key, member] of Object.entries(members)) {
      spendCheck(1);
      if (schema.propertyNames !== undefined) this.visit(schema.propertyNames, key);
      if (!Object.hasOwn(properties, key) && schema.additionalProperties !== undefined)
        this.visit(schema.additionalProperties, member);
    }
  }

  // What is missing is filled in with a copy of its default.
  #visitProperty(part: Json, members: JsonObject, key: string): void {
    spendCheck(1);
    if (Object.hasOwn(members, key)) return this.visit(part, members[key] ?? null);
    if (!isJsonObject(part) || part.default === undefined) return;
    spendWhole(part.default);
    this.visit(part, part.default);
  }
}

/** A step for each value inside. */
function spendWhole(value: Json | undefined): void {
  if (value === undefined) return;
  spendCheck(typeof value === 'string' ? 1 + value.length / 64 : 1);
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) spendWhole(inner);
}

function listOf(value: Json | undefined): readonly Json[] {
  return isJsonList(value) ? value : [];
}
