// Sizes and cursors of lists.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  BreakwaterError,
  decodeCursor,
  encodeCursor,
  pageLimit,
  pageOfNamed,
  pageOfRows,
} from '../../src/kernel/index.ts';

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

describe('pageOfRows', () => {
  const nameOf = (name: string) => ({ name });

  it('tells of a next page only when there is one row more than the limit', () => {
    expect(pageOfRows(['a', 'b'], 2, nameOf)).toEqual({ items: ['a', 'b'] });
    expect(pageOfRows([], 2, nameOf)).toEqual({ items: [] });
    const { items, nextCursor } = pageOfRows(['a', 'b', 'c'], 2, nameOf);
    expect(items).toEqual(['a', 'b']);
    expect(decodeCursor(nextCursor ?? '', z.object({ name: z.string() }))).toEqual({ name: 'b' });
  });
});

describe('pageOfNamed', () => {
  it('shows each item once and in order, however long the pages are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 10 }), (names, limit) => {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = pageOfNamed(names, { limit, ...(cursor !== undefined && { cursor }) }, (name) => name);
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items);
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        expect(seen).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
      }),
    );
  });

  it.each([['a list'], ['a number', 7], ['an object without a name', {}], ['null', null]])(
    'refuses a cursor that is %s',
    (_, value: unknown = []) => {
      const cursor = Buffer.from(JSON.stringify(value)).toString('base64url');
      expect(() => pageOfNamed(['a'], { cursor }, (name) => name)).toThrow(
        expect.objectContaining({ code: 'BAD_REQUEST' }),
      );
    },
  );
});
