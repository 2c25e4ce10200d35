// Tells how the end of a killed run differs from the end of one that nobody disturbed. Pure.
import { canonicalJson, isJsonObject } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import type { EndState } from './end-state.ts';

/** Something that should have been the same. Undefined where one of them has nothing of it. */
export interface Difference {
  readonly what: string;
  readonly expected: Json | undefined;
  readonly actual: Json | undefined;
}

/** Places in the output that differ between two runs that nobody disturbed: nothing can be said about them. */
export type Vague = ReadonlySet<string>;

/** What of `actual` is not as in `expected`. */
export function compareEndStates(expected: EndState, actual: EndState, vague: Vague): Difference[] {
  return [
    ...differences('status', expected.status, actual.status),
    ...differences('cause', expected.cause, actual.cause),
    ...differences('output', expected.output, actual.output).filter(({ what }) => !isVague(what, vague)),
    ...differences('node', asJson(expected.nodes), asJson(actual.nodes)),
    ...differences('world', asJson(expected.world), asJson(actual.world)),
    ...differences('created twice', expected.duplicates, actual.duplicates),
  ];
}

/** The places of `output` that differ between two undisturbed runs. */
export function vagueOf(one: EndState, other: EndState): Vague {
  return new Set(differences('output', one.output, other.output).map(({ what }) => what));
}

export function differenceLine({ what, expected, actual }: Difference): string {
  return `${what}: ${shown(actual)} instead of ${shown(expected)}`;
}

function differences(what: string, expected: Json | undefined, actual: Json | undefined): Difference[] {
  if (isJsonObject(expected) && isJsonObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => differences(`${what} ${key}`, expected[key], actual[key]));
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((each: Json, index) => differences(`${what} ${index}`, each, itemOf(actual, index)));
  }
  const same = expected !== undefined && actual !== undefined && canonicalJson(expected) === canonicalJson(actual);
  return same || (expected === undefined && actual === undefined) ? [] : [{ what, expected, actual }];
}

function itemOf(list: readonly Json[], index: number): Json | undefined {
  return list[index];
}

// A vague place makes everything below it vague.
function isVague(what: string, vague: Vague): boolean {
  return [...vague].some((place) => what === place || what.startsWith(`${place} `));
}

function asJson(record: Readonly<Record<string, object>>): Json {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, { ...value }]));
}

function shown(json: Json | undefined): string {
  return json === undefined ? 'nothing' : JSON.stringify(json);
}
