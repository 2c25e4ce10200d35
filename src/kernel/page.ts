// Pages of a list: their size, and the opaque cursor that says where the next one begins. Pure.
import { BreakwaterError } from './error.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface PageRequest {
  /** 1 to 200, default 50. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** What is told of an item, so that the next page begins after it. */
export type Position = Readonly<Record<string, string>>;

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

export function pageLimit(limit: number | undefined): number {
  return Math.min(Math.max(limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);
}

export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position inside; anything that does not fit `shape` (a zod schema) is a cursor we never gave. */
export function decodeCursor<T>(cursor: string, shape: { parse(value: unknown): T }): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (error) {
    throw new BreakwaterError('BAD_REQUEST', 'The cursor is not one that this list gave; start again without it.', {
      cause: error,
    });
  }
}

/** Of rows that were asked for one more than `limit`: that one only says that there is a next page. */
export function pageOfRows<T>(rows: readonly T[], limit: number, positionOf: (row: T) => Position): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined ? { items, nextCursor: encodeCursor(positionOf(last)) } : { items };
}

/** Of a short list that is at hand as a whole; `nameOf` tells its items apart, and they are shown in its order. */
export function pageOfNamed<T>(
  all: readonly T[],
  { limit, cursor }: PageRequest,
  nameOf: (item: T) => string,
): Page<T> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor, namePosition).name;
  const rest = all
    .filter((item) => after === undefined || nameOf(item) > after)
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return pageOfRows(rest, pageLimit(limit), (item) => ({ name: nameOf(item) }));
}

const namePosition = {
  parse(value: unknown): { readonly name: string } {
    if (typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string') {
      return { name: value.name };
    }
    throw new TypeError('no name');
  },
};
