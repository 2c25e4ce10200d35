// Pages of a list: their size, and the opaque cursor that says where the next one begins.
import { z } from 'zod';
import type { ZodType } from 'zod';
import { BreakwaterError } from '../kernel/index.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** The database's own text of a time: a Date has milliseconds only, and rows that share one would be passed over. */
export const timestampText = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?$/)
  .refine((text) => !Number.isNaN(Date.parse(text)));

export function pageLimit(limit: number | undefined): number {
  return Math.min(Math.max(limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);
}

export function encodeCursor(position: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position inside; anything that does not fit `shape` is a cursor we never gave. */
export function decodeCursor<Position>(cursor: string, shape: ZodType<Position>): Position {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (error) {
    throw new BreakwaterError('BAD_REQUEST', 'The cursor is not one that this list gave; start again without it.', {
      cause: error,
    });
  }
}
