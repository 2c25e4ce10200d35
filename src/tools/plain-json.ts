// From whatever an adapter returns to JSON that Postgres stores unchanged: no NUL, no lone surrogate, no prototype key, bounded.
import { FORBIDDEN_KEYS, type Json } from '../kernel/index.ts';

const MAX_DEPTH = 64;

/** The value cannot be stored as an outcome: it is nested too deeply or is no JSON. */
export class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
}

/** A plain copy. Vendors answer what they like; one NUL in their text must not make an outcome unstorable. */
export function plainJson(value: unknown, depth = 0): Json {
  if (depth > MAX_DEPTH) throw new NotPlainError(`is nested deeper than ${MAX_DEPTH} levels`);
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map((item) => plainJson(item, depth + 1));
  if (typeof value !== 'object') throw new NotPlainError(`holds a ${typeof value}`);
  const entries = Object.entries(value).filter(([key, member]) => member !== undefined && !FORBIDDEN_KEYS.has(key));
  return Object.fromEntries(entries.map(([key, member]) => [storableText(key), plainJson(member, depth + 1)]));
}

/** Text that a `text` or `jsonb` column takes: NUL and lone surrogates become U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed();
}
