// Where a page of approvals ended, as an opaque text. Pure.
import { z } from 'zod';
import { BreakwaterError } from '../kernel/index.ts';

export interface Position {
  readonly createdAt: string;
  readonly id: string;
}

const shape = z.tuple([
  z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?$/),
  z.string().regex(/^apr_[0-9a-f-]{36}$/),
]);

export function encodeCursor({ createdAt, id }: Position): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
}

/** Throws BAD_REQUEST for a text that no page gave out. */
export function decodeCursor(cursor: string): Position {
  const parsed = shape.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (!parsed.success) throw new BreakwaterError('BAD_REQUEST', 'The cursor is not one that a page gave out.');
  return { createdAt: parsed.data[0], id: parsed.data[1] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
