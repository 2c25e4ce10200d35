// Merging by RFC 7396, and what no edge of the system lets in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORBIDDEN_KEYS, findUnsafe, isJsonObject, mergePatch } from '../../src/kernel/index.ts';
import type { Json, JsonObject } from '../../src/kernel/index.ts';

const json = (): fc.Arbitrary<Json> =>
  fc.jsonValue({ maxDepth: 4 }).filter((value) => findUnsafe(value) === undefined) as fc.Arbitrary<Json>;
const jsonObject = (): fc.Arbitrary<JsonObject> =>
  fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json(), { noNullPrototype: true });

describe('isJsonObject', () => {
  it.each([
    [{}, true],
    [{ a: 1 }, true],
    [[], false],
    [null, false],
    ['text', false],
    [undefined, false],
  ])('says of %j: %s', (value, expected) => {
    expect(isJsonObject(value)).toBe(expected);
  });
});

describe('mergePatch', () => {
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of RFC 7396, appendix A: %j patched by %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toStrictEqual(result);
  });

  it('does what section 3 of RFC 7396 shows', () => {
    const target = {
      title: 'Goodbye!',
      author: { givenName: 'John', familyName: 'Doe' },
      tags: ['example', 'sample'],
      content: 'This will be unchanged',
    };
    const patch = { title: 'Hello!', phoneNumber: '+01-123-456-7890', author: { familyName: null }, tags: ['example'] };

    expect(mergePatch(target, patch)).toStrictEqual({
      title: 'Hello!',
      author: { givenName: 'John' },
      tags: ['example'],
      content: 'This will be unchanged',
      phoneNumber: '+01-123-456-7890',
    });
  });

  it('changes neither argument', () => {
    fc.assert(
      fc.property(json(), json(), (target, patch) => {
        const before = JSON.stringify([target, patch]);
        mergePatch(target, patch);
        expect(JSON.stringify([target, patch])).toBe(before);
      }),
    );
  });

  it('changes nothing with an empty patch', () => {
    fc.assert(
      fc.property(jsonObject(), (target) => {
        expect(mergePatch(target, {})).toStrictEqual(target);
      }),
    );
  });

  it('comes to the same when a patch is applied twice', () => {
    fc.assert(
      fc.property(json(), json(), (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toStrictEqual(once);
      }),
    );
  });

  it('touches only the members that the patch names', () => {
    fc.assert(
      fc.property(jsonObject(), jsonObject(), (target, patch) => {
        const merged = mergePatch(target, patch) as JsonObject;
        for (const key of Object.keys(target)) {
          if (!(key in patch)) expect(merged[key]).toStrictEqual(target[key]);
        }
      }),
    );
  });

  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"a":{"__proto__":{"polluted":true}}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
  ])('leaves every prototype alone under %s', (text) => {
    const merged = mergePatch({ a: { b: 1 } }, JSON.parse(text) as Json) as { a: object };

    expect(merged).toStrictEqual({ a: { b: 1 } });
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(merged.a)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('findUnsafe', () => {
  it('finds nothing in plain data', () => {
    expect(findUnsafe({ a: [1, 'x', null, true, { b: 'y' }] })).toBeUndefined();
  });

  it.each([...FORBIDDEN_KEYS])('refuses the key %s at any depth and points at it', (key) => {
    const value: unknown = JSON.parse(`{"a":[{"b":1},{"${key}":1}]}`);
    expect(findUnsafe(value)).toEqual({ path: `/a/1/${key}`, reason: `uses the reserved key "${key}"` });
  });

  it('refuses NUL, in texts and in keys', () => {
    expect(findUnsafe({ a: ['x\u0000'] })).toEqual({ path: '/a/0', reason: 'contains a NUL character' });
    expect(findUnsafe({ a: { 'k\u0000': 1 } })).toEqual({ path: '/a', reason: 'has a key with a NUL character' });
    expect(findUnsafe('\u0000')).toEqual({ path: '', reason: 'contains a NUL character' });
  });

  it('refuses half of a surrogate pair, in texts and in keys', () => {
    expect(findUnsafe({ a: '\ud800' })).toEqual({ path: '/a', reason: 'contains half of a surrogate pair' });
    expect(findUnsafe({ '\udfff': 1 })).toEqual({ path: '', reason: 'has a key with half of a surrogate pair' });
    expect(findUnsafe('\u{1f30a}')).toBeUndefined();
  });

  it('allows 64 levels and refuses the next', () => {
    expect(findUnsafe(nested(64))).toBeUndefined();
    expect(findUnsafe(nested(65))).toMatchObject({ reason: 'is nested deeper than 64 levels' });
  });

  it('comes back from a depth that would exhaust the stack', () => {
    expect(findUnsafe(nested(100_000))).toMatchObject({ path: '/0'.repeat(65) });
  });

  it('escapes what a JSON pointer escapes', () => {
    expect(findUnsafe({ 'a/b': { 'c~d': '\u0000' } })?.path).toBe('/a~1b/c~0d');
  });
});

function nested(levels: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}
