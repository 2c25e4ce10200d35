// What a workflow's own code gives: stored unchanged, made storable, or refused.
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../src/kernel/index.ts';
import { recordable } from '../../src/runs/recordable.ts';

const codeOf = (value: unknown, maxBytes = 100): string => {
  try {
    recordable('the note', value, maxBytes);
    return 'kept';
  } catch (error) {
    if (error instanceof FailureError) return `${error.failure.code}: ${error.failure.message}`;
    throw error;
  }
};

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

describe('recordable', () => {
  it('keeps plain JSON as it is, and makes storable what is not', () => {
    expect(recordable('the note', { a: [1, 'x', null] }, 100)).toEqual({ a: [1, 'x', null] });
    expect(recordable('the note', { nul: '\u0000', half: '\ud800', none: undefined }, 100)).toEqual({
      nul: '\uFFFD',
      half: '\uFFFD',
    });
    expect(recordable('the output', undefined, 100)).toBeNull();
  });

  it('counts bytes, not characters', () => {
    expect(codeOf('é'.repeat(49))).toBe('kept');
    expect(codeOf('é'.repeat(50))).toBe('TOO_LARGE: the note has 102 bytes; 100 are kept');
  });

  it('refuses what is nested too deeply or is no JSON', () => {
    expect(codeOf(nested(65), 1_000)).toBe('TOO_LARGE: the note is nested deeper than 64 levels');
    expect(codeOf(() => 1)).toBe('TOO_LARGE: the note holds a function');
  });
});
