// One text and one hash for one value, however its keys were written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashJson, isJsonObject, sha256 } from '../../src/kernel/index.ts';
import type { Json } from '../../src/kernel/index.ts';

const json = (): fc.Arbitrary<Json> => fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

describe('canonicalJson', () => {
  it('gives the same text and hash whatever the order of the keys', () => {
    fc.assert(
      fc.property(json(), (value) => {
        expect(canonicalJson(backwards(value))).toBe(canonicalJson(value));
        expect(hashJson(backwards(value))).toBe(hashJson(value));
      }),
    );
  });

  it('keeps the value: what it writes parses back to what it was given', () => {
    fc.assert(
      fc.property(json(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toStrictEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('gives different values different texts', () => {
    fc.assert(
      fc.property(json(), json(), (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b);
        expect(same).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });

  it('sorts keys by code unit, as RFC 8785 does in its example', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const order = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];

    const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));

    expect(text).toBe(`{${order.map((key) => `${JSON.stringify(key)}:0`).join(',')}}`);
  });

  it('writes no white space and keeps the order of lists', () => {
    expect(canonicalJson({ b: [3, 1, { d: null, c: 'x y' }], a: true })).toBe(
      '{"a":true,"b":[3,1,{"c":"x y","d":null}]}',
    );
  });

  it('treats a member that is undefined as absent', () => {
    const value = { a: 1, b: undefined } as unknown as Json;
    expect(canonicalJson(value)).toBe('{"a":1}');
  });
});

describe('hashJson', () => {
  it.each([
    [{}, '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'],
    [{ a: 1 }, '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862'],
  ])('stays what it has always been for %j, as stored hashes rely on it', (value, hash) => {
    expect(hashJson(value)).toBe(hash);
  });
});

describe('sha256', () => {
  it('is the digest of FIPS 180-2 in hex', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

/** The same value with the keys of every object in the opposite order. */
function backwards(value: Json): Json {
  return withEntries(value, (entries) => entries.toReversed(), backwards);
}

function sorted(value: Json): Json {
  return withEntries(value, (entries) => entries.toSorted(([a], [b]) => (a < b ? -1 : 1)), sorted);
}

type Entry = [string, Json];

function withEntries(value: Json, arrange: (entries: Entry[]) => Entry[], inner: (value: Json) => Json): Json {
  if (Array.isArray(value)) return value.map(inner);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(arrange(Object.entries(value)).map(([key, member]) => [key, inner(member)]));
}
