// Errors that reach a person, and the table of their codes.
import { describe, expect, it } from 'vitest';
import { BreakwaterError, errorTable, messageOf } from '../../src/kernel/index.ts';
import type { ErrorCode } from '../../src/kernel/index.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

describe('errorTable', () => {
  it.each(codes)('gives %s an error status and says when one meets it', (code) => {
    const { status, when } = errorTable[code];

    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(when).toMatch(/^[A-Z].*\.$/);
  });

  it('answers with the statuses that clients know', () => {
    const statuses = Object.fromEntries(codes.map((code) => [code, errorTable[code].status]));
    expect(statuses).toMatchObject({
      BAD_REQUEST: 400,
      UNAUTHENTICATED: 401,
      FORBIDDEN: 403,
      NOT_FOUND: 404,
      CONFLICT: 409,
      GONE: 410,
      TOO_LARGE: 413,
      UNSUPPORTED_MEDIA_TYPE: 415,
      INVALID: 422,
      NOT_SUPPORTED_YET: 422,
      RATE_LIMITED: 429,
      INTERNAL: 500,
      UNAVAILABLE: 503,
    });
  });
});

describe('BreakwaterError', () => {
  it.each(codes)('takes the status of %s from the table', (code) => {
    expect(new BreakwaterError(code, 'no').status).toBe(errorTable[code].status);
  });

  it('carries its code, its problems and its cause', () => {
    const cause = new Error('below');
    const problems = [{ path: '/input/budget', message: 'must be a number' }];

    const error = new BreakwaterError('INVALID', 'The input does not fit.', { problems, cause });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'BreakwaterError',
      code: 'INVALID',
      message: 'The input does not fit.',
      problems,
      cause,
    });
  });

  it('has no problems unless given some', () => {
    expect(new BreakwaterError('NOT_FOUND', 'No run.').problems).toEqual([]);
  });
});

describe('messageOf', () => {
  it.each([
    [new TypeError('boom'), 'boom'],
    ['plain text', 'plain text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
  ])('finds the message of %s', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
