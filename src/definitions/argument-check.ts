// Do the literal parts of `with` fit the action's schema, and can the holes?
import { didYouMean, secretNamed, secretPlaces } from '../kernel/index.ts';
import type { Json, JsonObject } from '../kernel/index.ts';
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { CheckedTemplate } from './expression-check.ts';
import type { Findings } from './findings.ts';
import type { Path } from './path.ts';
import type { Template } from './plan.ts';
import { rooted, schemaAt, typeOfSchema } from './schema-path.ts';
import type { JsonType } from './schema-path.ts';
import { named } from './static-type.ts';
import { holeAt, holesOf } from './template.ts';
import { problemOf, rawErrors } from './validate.ts';

export interface CalledAction {
  /** `notion.search_database`. */
  readonly title: string;
  readonly input: JsonObject;
}

export function checkArguments(
  { template, types }: CheckedTemplate,
  action: CalledAction,
  path: Path,
  findings: Findings,
): void {
  for (const error of rawErrors(action.input, template)) {
    if (isCertain(error, template)) reportError(error, action, path, findings);
  }
  for (const [hole, type] of types) {
    const needed = typeNeededAt(action.input, hole.path);
    if (type === undefined || needed === undefined || type === needed) continue;
    const argument = hole.path.join('.');
    findings.problem(
      [...path, ...hole.path],
      `argument "${argument}" of ${action.title} must be ${named(needed)}, but the expression is ${named(type)}`,
    );
  }
}

function typeNeededAt(schema: JsonObject, path: Path): JsonType | undefined {
  const step = schemaAt(rooted(schema), path.map(String));
  return step.found ? typeOfSchema(step.found) : undefined;
}

// Keywords that judge a value as a whole; with a hole inside, their verdict means nothing.
const WHOLE_VALUE = new Set([
  'anyOf',
  'oneOf',
  'not',
  'if',
  'contains',
  'uniqueItems',
  'enum',
  'const',
  'minContains',
  'maxContains',
]);

function isCertain(error: ErrorObject, template: Template): boolean {
  // A branch of a choice: the choice itself is reported.
  if (/\/(anyOf|oneOf|not|if|then|else|contains)\//.test(error.schemaPath)) return false;
  const at = valueAtPointer(template, error.instancePath);
  if (at === 'hole' || (isReference(at.value) && error.keyword !== 'type')) return false;
  return !(WHOLE_VALUE.has(error.keyword) && hasUnknown(at.value));
}

// What a secret says is known when it is sent: until then it is some text.
function isReference(value: Json): boolean {
  return typeof value === 'string' && secretNamed(value) !== undefined;
}

function hasUnknown(value: Json): boolean {
  return holesOf(value).length > 0 || secretPlaces(value).length > 0;
}

function valueAtPointer(template: Template, pointer: string): 'hole' | { readonly value: Json } {
  let current: Json = template;
  for (const part of pathOf(pointer)) {
    if (holeAt(current)) return 'hole';
    current = memberOf(current, part);
  }
  return holeAt(current) ? 'hole' : { value: current };
}

function memberOf(value: Json, key: string): Json {
  if (typeof value !== 'object' || value === null) return null;
  return new Map<string, Json>(Object.entries(value)).get(key) ?? null;
}

function pathOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function reportError(error: ErrorObject, action: CalledAction, path: Path, findings: Findings): void {
  const inside = pathOf(error.instancePath);
  const at = [...path, ...inside];
  const { missingProperty, additionalProperty } = error.params;
  if (error.keyword === 'required') {
    const name = [...inside, String(missingProperty)].join('.');
    return findings.problem(at, `missing argument "${name}" of ${action.title}`);
  }
  if (error.keyword === 'additionalProperties') {
    const key = String(additionalProperty);
    const known = schemaAt(rooted(action.input), inside).found?.schema.properties;
    const hint = didYouMean(key, typeof known === 'object' && known !== null ? Object.keys(known) : []);
    return findings.problem(
      [...at, key],
      `unknown argument "${[...inside, key].join('.')}" of ${action.title}${hint}`,
      'key',
    );
  }
  const name = inside.length > 0 ? `argument "${inside.join('.')}"` : 'the arguments';
  findings.problem(at, `${name} of ${action.title} ${problemOf(error).message}`);
}
