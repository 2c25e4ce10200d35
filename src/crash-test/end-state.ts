// How a run ended and what it left in the world, without what is different in every run. Pure.
import { isJsonObject } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';

export interface NodeEnd {
  readonly status: string;
  readonly compensation: string | null;
}

/** What exists of one kind of object at one vendor: `alive` of them, and `undone` ones. */
export interface ObjectCount {
  readonly alive: number;
  readonly undone: number;
}

export interface EndState {
  readonly status: string;
  readonly cause: string | null;
  readonly output: Json;
  /** By node id. */
  readonly nodes: Readonly<Record<string, NodeEnd>>;
  /** By vendor and kind. */
  readonly world: Readonly<Record<string, ObjectCount>>;
  /** Keys under which a vendor holds more than one object. */
  readonly duplicates: readonly string[];
}

/** An entry of the sandbox's ledger, as far as it counts. */
export interface WorldObject {
  readonly vendor: string;
  readonly kind: string;
  /** What the vendor calls it. */
  readonly id: string;
  readonly key: string | null;
  readonly undone: boolean;
}

export function countWorld(objects: readonly WorldObject[]): Record<string, ObjectCount> {
  const counts: Record<string, ObjectCount> = {};
  for (const { vendor, kind, undone } of objects) {
    const before = counts[`${vendor} ${kind}`] ?? { alive: 0, undone: 0 };
    counts[`${vendor} ${kind}`] = {
      alive: before.alive + (undone ? 0 : 1),
      undone: before.undone + (undone ? 1 : 0),
    };
  }
  return counts;
}

export function duplicatesOf(objects: readonly WorldObject[]): string[] {
  const seen = new Set<string>();
  return objects.flatMap(({ vendor, kind, key }) => {
    if (key === null) return [];
    const name = `${vendor} ${kind} under the key ${key}`;
    if (seen.has(name)) return [name];
    seen.add(name);
    return [];
  });
}

/** Shorter ones are found in too many texts that mean something else. */
const SHORTEST_ID = 6;

/** Vendors give ids in the order of creation: what was created side by side has them either way. */
export function namesOfIds(objects: readonly WorldObject[]): [id: string, name: string][] {
  const long = objects.filter(({ id }) => id.length >= SHORTEST_ID);
  return long.map(({ vendor, kind, id }) => [id, `<${vendor} ${kind}>`]);
}

const ISO_TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const LONG_HEX = /\b[0-9a-f]{24,64}\b/g;

/** `json` with times, ids and hashes replaced by words, and each text of `own` by its name. */
export function withoutOwn(json: Json, own: ReadonlyMap<string, string>): Json {
  if (typeof json === 'string') return textWithoutOwn(json, own);
  if (Array.isArray(json)) return json.map((each: Json) => withoutOwn(each, own));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withoutOwn(value, own)]));
}

function textWithoutOwn(text: string, own: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [value, name] of own) replaced = replaced.replaceAll(value, name);
  return replaced.replaceAll(ISO_TIME, '<time>').replaceAll(UUID, '<uuid>').replaceAll(LONG_HEX, '<hash>');
}
