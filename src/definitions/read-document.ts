// From parsed JSON to a typed document. What is wrong is reported and then repaired in a copy, so that one bad key does not hide the faults behind it.
import type { z } from 'zod';
import { isJsonObject, nearestName } from '../kernel/index.ts';
import type { Json, JsonObject } from '../kernel/index.ts';
import { MODULE_TYPES, documentSchema } from './document.ts';
import type { Document } from './document.ts';
import type { Findings } from './findings.ts';
import type { Path } from './path.ts';

type Issue = z.core.$ZodIssue;

// Each round may bring up what the last one hid: a module's keys are read only once its type is known.
const MAX_ROUNDS = 5;
// A document this broken is not made clearer by a longer list, and each fault costs a copy of what it stands in.
const MAX_ISSUES = 300;

/** The document, with stand-ins at the places that were reported; undefined when too little of it can be read. */
export function readDocument(value: Json, findings: Findings): Document | undefined {
  let current = value;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const result = documentSchema.safeParse(current, { error: describeIssue });
    if (result.success) return result.data;
    const issues = result.error.issues.flatMap((found) => branches(found, current));
    for (const issue of issues.slice(0, MAX_ISSUES)) {
      reportIssue(issue, findings);
      current = repair(current, issue, findings);
    }
    if (issues.length > MAX_ISSUES) {
      findings.problem([], `has ${issues.length - MAX_ISSUES} more faults of this kind`);
      return undefined;
    }
  }
  return undefined;
}

// Of a union's branches the one meant is the one whose type the value has.
function branches(issue: Issue, value: Json): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const isText = typeof valueAt(value, issue.path) === 'string';
  const meant = issue.errors.find((faults) => faults.every((fault) => !wrongType(fault, isText)));
  if (!meant || meant.length === 0) return [issue];
  return meant.map((fault) => ({ ...fault, path: [...issue.path, ...fault.path] }));
}

function wrongType(fault: Issue, isText: boolean): boolean {
  return fault.path.length === 0 && (fault.code === 'invalid_type' || (fault.code === 'invalid_value' && !isText));
}

function reportIssue(issue: Issue, findings: Findings): void {
  const path = pathOf(issue);
  if (findings.isDamaged(path)) return;
  if (issue.code !== 'unrecognized_keys') return findings.problem(path, issue.message);
  const lines = issue.message.split('\n', MAX_ISSUES);
  for (const [index, key] of issue.keys.slice(0, MAX_ISSUES).entries())
    findings.problem([...path, key], lines[index] ?? issue.message, 'key');
  const more = issue.keys.length - MAX_ISSUES;
  if (more > 0) findings.problem(path, `has ${more} more unknown keys`);
}

const EXPECTED: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  const expected = EXPECTED[issue.expected] ?? issue.expected;
  const key = issue.path?.at(-1);
  if (issue.input === undefined) return `"${String(key)}" is missing; it must be ${expected}`;
  return `must be ${expected}, not ${nameOf(issue.input)}`;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  return JSON.stringify(value);
}

function repair(value: Json, issue: Issue, findings: Findings): Json {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') return replaceAt(value, path, without(valueAt(value, path), issue.keys));
  if (path.at(-1) === 'type') return repairType(value, path, findings);
  const target =
    typeof path.at(-1) === 'number' && !Object.hasOwn(ELEMENTS, String(path.at(-2))) ? path.slice(0, -1) : path;
  findings.damage(target);
  const present = typeof target.at(-1) === 'string' && valueAt(value, target) !== undefined;
  return replaceAt(value, target, present ? undefined : standIn(target));
}

// A module of a type that is not built yet becomes an empty one; a misspelt type becomes the nearest.
function repairType(value: Json, path: Path, findings: Findings): Json {
  const type = valueAt(value, path);
  const nearest = typeof type === 'string' ? nearestName(type, MODULE_TYPES) : undefined;
  findings.damage(path);
  if (nearest !== undefined) return replaceAt(value, path, nearest);
  const module = path.slice(0, -1);
  const id = valueAt(value, [...module, 'id']);
  findings.damage(module);
  return replaceAt(value, module, typeof id === 'string' ? { id, activities: [] } : standIn(module));
}

/** What stands in for an element of a list, or for a required key, that is missing or cannot be read. */
const ELEMENTS: Readonly<Record<string, JsonObject>> = {
  modules: { activities: [] },
  activities: { tool: 'unknown', action: 'unknown' },
};

const REQUIRED: Readonly<Record<string, Json>> = {
  workflow: { name: 'unnamed' },
  modules: [],
  activities: [],
  tool: 'unknown',
  action: 'unknown',
  title: 'unknown',
  approvers: ['role:unknown'],
  timeout: '1s',
  approval: { title: 'unknown', approvers: ['role:unknown'], timeout: '1s' },
  wait: { for: '1s' },
};

function standIn(path: Path): Json {
  const last = path.at(-1);
  const unnamed = `unnamed-${path.filter((part) => typeof part === 'number').join('-')}`;
  if (last === 'id' || last === 'name') return unnamed;
  if (typeof last === 'string') return REQUIRED[last] ?? null;
  const list = String(path.at(-2));
  return { ...ELEMENTS[list], [list === 'modules' ? 'id' : 'name']: unnamed };
}

function pathOf(issue: Issue): Path {
  return issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
}

function valueAt(value: Json, path: readonly PropertyKey[]): Json | undefined {
  let current: Json | undefined = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    const members: ReadonlyMap<string, Json> = new Map(Object.entries(current));
    current = members.get(String(part));
  }
  return current;
}

function without(value: Json | undefined, keys: readonly string[]): Json {
  const gone = new Set(keys);
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !gone.has(key))) : {};
}

// A copy in which the value at the path is another, or gone.
function replaceAt(value: Json, path: Path, replacement: Json | undefined): Json {
  const [head, ...rest] = path;
  if (head === undefined) return replacement ?? null;
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return items.map((item, index) => (index === head ? replaceAt(item, rest, replacement) : item));
  }
  const members = new Map(isJsonObject(value) ? Object.entries(value) : []);
  const member = rest.length === 0 ? replacement : replaceAt(members.get(String(head)) ?? {}, rest, replacement);
  if (member === undefined) members.delete(String(head));
  else members.set(String(head), member);
  return Object.fromEntries(members);
}
