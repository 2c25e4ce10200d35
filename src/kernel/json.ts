// JSON as a type and the few operations on it that several rooms share. Never touches prototypes.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Keys that could reach a prototype through a careless merge; refused in definitions, inputs and patches. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7396: objects merge key by key, null removes, anything else replaces. Neither argument is changed. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (FORBIDDEN_KEYS.has(key)) continue;
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key) ?? null, value));
  }
  return Object.fromEntries(merged);
}

/** Where a JSON value breaks a rule every edge of the system has: the JSON pointer and the reason, or undefined. */
export function findUnsafe(value: unknown, path = '', depth = 0): { path: string; reason: string } | undefined {
  if (depth > 64) return { path, reason: 'is nested deeper than 64 levels' };
  if (typeof value === 'string') {
    const reason = unstorable(value);
    return reason === undefined ? undefined : { path, reason: `contains ${reason}` };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const childPath = `${path}/${pointerToken(key)}`;
    if (FORBIDDEN_KEYS.has(key)) return { path: childPath, reason: `uses the reserved key "${key}"` };
    const reason = unstorable(key);
    if (reason !== undefined) return { path, reason: `has a key with ${reason}` };
    const found = findUnsafe(child, childPath, depth + 1);
    if (found) return found;
  }
  return undefined;
}

// RFC 6901.
function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** What in a text no `text` or `json` column of Postgres takes, in words. */
function unstorable(text: string): string | undefined {
  if (text.includes('\u0000')) return 'a NUL character';
  return text.isWellFormed() ? undefined : 'half of a surrogate pair';
}
