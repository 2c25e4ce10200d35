// Pages of a list: their size, and the opaque cursor that says where the next one begins.
import { BreakwaterError } from '../kernel/index.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

export function pageLimit(limit: number | undefined): number {
  return Math.min(Math.max(limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);
}

export function encodeCursor(position: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Exactly these members, all of them text; anything else is a cursor we never gave. */
export function decodeCursor<Key extends string>(cursor: string, keys: readonly Key[]): Record<Key, string> {
  try {
    const position = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Record<string, unknown>;
    const entries = keys.map((key) => {
      const value = position[key];
      if (typeof value !== 'string') throw new TypeError(key);
      return [key, value] as const;
    });
    return Object.fromEntries(entries) as Record<Key, string>;
  } catch (error) {
    throw new BreakwaterError('BAD_REQUEST', 'The cursor is not one that this list gave; start again without it.', {
      cause: error,
    });
  }
}
