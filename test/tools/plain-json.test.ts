// Whatever a vendor answers becomes JSON that a checkpoint holds unchanged.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findUnsafe } from '../../src/kernel/index.ts';
import { NotPlainError, plainJson, storableText } from '../../src/tools/plain-json.ts';

describe('plainJson', () => {
  it('copies JSON as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(findUnsafe(value) === undefined);
        const copy: unknown = JSON.parse(JSON.stringify(value));
        expect(plainJson(copy)).toEqual(copy);
      }),
    );
  });

  it('drops undefined members and prototype keys', () => {
    const hostile: object = JSON.parse('{"a":1,"__proto__":{"polluted":true},"constructor":2}');
    expect(plainJson({ ...hostile, b: undefined })).toEqual({ a: 1 });
    expect(JSON.stringify(plainJson(hostile))).toBe('{"a":1}');
  });

  it('replaces what Postgres cannot store, in keys too', () => {
    expect(plainJson({ 'k\u0000': 'a\u0000b', bad: '\ud800' })).toEqual({ 'k\uFFFD': 'a\uFFFDb', bad: '\uFFFD' });
  });

  it('makes null of what JSON has no number for', () => {
    expect(plainJson([Number.NaN, Number.POSITIVE_INFINITY, undefined])).toEqual([null, null, null]);
  });

  it('refuses functions, big integers and more than 64 levels', () => {
    const deep: unknown = JSON.parse('['.repeat(80) + ']'.repeat(80));

    expect(() => plainJson({ f: () => 1 })).toThrow(NotPlainError);
    expect(() => plainJson(1n)).toThrow('holds a bigint');
    expect(() => plainJson(deep)).toThrow('nested deeper than 64 levels');
  });
});

describe('storableText', () => {
  it('always gives well-formed text without NUL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const stored = storableText(text);
        expect(stored.isWellFormed() && !stored.includes('\u0000')).toBe(true);
      }),
    );
  });
});
