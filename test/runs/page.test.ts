// Sizes and cursors of lists.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BreakwaterError } from '../../src/kernel/index.ts';
import { decodeCursor, encodeCursor, pageLimit } from '../../src/runs/page.ts';

const both = z.object({ at: z.string(), id: z.string() });

describe('pageLimit', () => {
  it.each([
    [undefined, 50],
    [1, 1],
    [200, 200],
    [201, 200],
    [0, 1],
    [-5, 1],
  ])('of %s is %i', (asked, limit) => {
    expect(pageLimit(asked)).toBe(limit);
  });
});

describe('a cursor', () => {
  it('brings back the position it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (at, id) => {
        expect(decodeCursor(encodeCursor({ at, id }), both)).toEqual({ at, id });
      }),
    );
  });

  it('goes into a URL as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        expect(encodeCursor({ id })).toMatch(/^[A-Za-z0-9_-]*$/);
      }),
    );
  });

  it('gives only what is asked for', () => {
    expect(decodeCursor(encodeCursor({ at: 'x', id: 'y', more: 'z' }), z.object({ at: z.string() }))).toEqual({
      at: 'x',
    });
  });

  it.each([
    ['nothing', ''],
    ['noise', '%%%'],
    ['text that is no JSON', Buffer.from('hello').toString('base64url')],
    ['null', Buffer.from('null').toString('base64url')],
    ['a number', Buffer.from('7').toString('base64url')],
    ['a list', Buffer.from('["x","y"]').toString('base64url')],
    ['a member that is missing', encodeCursor({ at: 'x' })],
    ['a member that is no text', Buffer.from('{"at":"x","id":7}').toString('base64url')],
  ])('is refused when it is %s', (_, cursor) => {
    expect(() => decodeCursor(cursor, both)).toThrow(BreakwaterError);
    expect(() => decodeCursor(cursor, both)).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', cause: expect.any(Error) }),
    );
  });
});
