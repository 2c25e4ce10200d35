// Failures as values, and on their way through code that throws.
import { describe, expect, it } from 'vitest';
import { FailureError, failure } from '../../src/kernel/index.ts';

describe('failure', () => {
  it('is ours, final and certainly without effect unless said otherwise', () => {
    expect(failure('EXPRESSION', 'no such variable')).toEqual({
      code: 'EXPRESSION',
      message: 'no such variable',
      kind: 'ours',
      retryable: false,
      unknown: false,
    });
  });

  it('takes what is known better', () => {
    const known = { kind: 'timeout', retryable: true, unknown: true, retryAfterMs: 500 } as const;
    expect(failure('TIMEOUT', 'no answer', known)).toEqual({ code: 'TIMEOUT', message: 'no answer', ...known });
  });
});

describe('FailureError', () => {
  it('carries its failure, the message and the cause', () => {
    const cause = new Error('socket hang up');
    const value = failure('GITHUB_500', 'github answered 500', { kind: 'theirs' });

    const error = new FailureError(value, { cause });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'FailureError', message: 'github answered 500', failure: value, cause });
  });
});
