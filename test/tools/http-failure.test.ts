// What answers and network errors mean.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  codePrefix,
  failureOfMalformed,
  failureOfStatus,
  failureOfTransport,
  parseRetryAfter,
  sentAtMs,
  reasonOf,
} from '../../src/tools/http-failure.ts';

const write = { tool: 'github', method: 'POST', path: '/repos', changes: true };
const read = { tool: 'github', method: 'GET', path: '/repos', changes: false };

function errorWith(members: { code: string; syscall?: string }): Error {
  return Object.assign(new Error('from the network'), members);
}

describe('failureOfStatus', () => {
  it.each([
    [400, 'ours', false],
    [401, 'ours', false],
    [403, 'ours', false],
    [404, 'ours', false],
    [408, 'timeout', true],
    [409, 'ours', false],
    [422, 'ours', false],
    [425, 'rate_limit', true],
    [429, 'rate_limit', true],
    [302, 'ours', false],
    [500, 'theirs', true],
    [503, 'theirs', true],
  ])('says of %i that it is %s and retryable: %s', (status, kind, retryable) => {
    expect(failureOfStatus(write, { status })).toMatchObject({ code: `GITHUB_${status}`, kind, retryable });
  });

  it.each([
    [499, false],
    [500, true],
  ])('after %i to a write the effect is open: %s', (status, unknown) => {
    expect(failureOfStatus(write, { status })).toMatchObject({ unknown });
  });

  it('leaves the effect open after a 5xx to a write, and after nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.boolean(), (status, changes) => {
        const { unknown } = failureOfStatus({ ...write, changes }, { status });
        expect(unknown).toBe(status >= 500 && changes);
      }),
    );
  });

  it('names the request, the status and the reason, and keeps the wait asked for', () => {
    const failed = failureOfStatus(write, { status: 429, reason: 'slow down', retryAfterMs: 7_000 });

    expect(failed.message).toBe('github answered 429 to POST /repos: slow down');
    expect(failed.retryAfterMs).toBe(7_000);
  });

  it('points at the credentials after 401 and 403 and at the base URL after a redirect', () => {
    expect(failureOfStatus(write, { status: 401 }).message).toContain('are its credentials right?');
    expect(failureOfStatus(write, { status: 403 }).message).toContain('may its credentials do this?');
    expect(failureOfStatus(write, { status: 307 }).message).toContain('redirects are not followed');
  });
});

describe('failureOfTransport', () => {
  it.each([
    { code: 'ECONNREFUSED' },
    { code: 'ENOTFOUND' },
    { code: 'EAI_AGAIN' },
    { code: 'UND_ERR_CONNECT_TIMEOUT' },
    { code: 'ENETUNREACH', syscall: 'connect' },
    { code: 'CERT_HAS_EXPIRED' },
  ])('takes $code for never sent', (members) => {
    expect(failureOfTransport(write, errorWith(members))).toMatchObject({
      code: 'GITHUB_UNREACHABLE',
      retryable: true,
      unknown: false,
    });
  });

  it.each([
    { code: 'ECONNRESET' },
    { code: 'EPIPE' },
    { code: 'UND_ERR_SOCKET' },
    { code: 'HPE_INVALID_CONSTANT' },
    { code: 'ETIMEDOUT', syscall: 'read' },
  ])('takes $code for sent and unanswered', (members) => {
    expect(failureOfTransport(write, errorWith(members))).toMatchObject({
      code: 'GITHUB_NO_ANSWER',
      kind: 'theirs',
      retryable: true,
      unknown: true,
    });
    expect(failureOfTransport(read, errorWith(members))?.unknown).toBe(false);
  });

  it('takes silence for a timeout', () => {
    expect(failureOfTransport(write, errorWith({ code: 'UND_ERR_BODY_TIMEOUT' }))?.kind).toBe('timeout');
    expect(failureOfTransport(write, errorWith({ code: 'UND_ERR_HEADERS_TIMEOUT' }))?.kind).toBe('timeout');
  });

  it('does not retry an answer that is too large', () => {
    const failed = failureOfTransport(write, errorWith({ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' }));
    expect(failed).toMatchObject({ code: 'GITHUB_TOO_LARGE', retryable: false, unknown: true });
  });

  it.each([
    new TypeError('x is not a function'),
    errorWith({ code: 'UND_ERR_INVALID_ARG' }),
    errorWith({ code: 'ERR_INVALID_URL' }),
    'text',
    null,
  ])('leaves defects of ours alone (%s)', (error) => {
    expect(failureOfTransport(write, error)).toBeUndefined();
  });
});

describe('failureOfMalformed', () => {
  it('is theirs, retryable and leaves a write open', () => {
    expect(failureOfMalformed(write, 'no id')).toMatchObject({
      code: 'GITHUB_MALFORMED',
      kind: 'theirs',
      retryable: true,
      unknown: true,
    });
    expect(failureOfMalformed(read, 'no id').unknown).toBe(false);
  });
});

describe('sentAtMs', () => {
  it("goes by the answer's own clock, whatever ours says", () => {
    const date = 'Sat, 21 Nov 2020 10:00:00 GMT';

    expect(sentAtMs({ date })).toBe(Date.parse(date));
    expect(parseRetryAfter('Sat, 21 Nov 2020 10:00:07 GMT', sentAtMs({ date }))).toBe(7_000);
  });

  it.each([{}, { date: 'soon' }])('goes by ours where it does not say: %o', (headers) => {
    expect(Math.abs(sentAtMs(headers) - Date.now())).toBeLessThan(1_000);
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');

  it('reads any number of seconds', () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        expect(parseRetryAfter(String(seconds), now)).toBe(seconds * 1_000);
      }),
    );
  });

  it('reads an HTTP date, and a past one as no wait', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), (seconds) => {
        const date = new Date(now + seconds * 1_000).toUTCString();
        expect(parseRetryAfter(date, now)).toBe(Math.max(0, seconds * 1_000));
      }),
    );
  });

  it.each([undefined, '', 'soon', '-5', '1e3', '12 apples'])('ignores %j', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined();
  });
});

describe('reasonOf', () => {
  it.each([
    [
      { message: 'Validation Failed', errors: [{ message: 'A pull request already exists' }, { code: 'x' }] },
      'Validation Failed; A pull request already exists',
    ],
    [{ errors: [{ field: 'name', message: 'is required' }] }, 'is required'],
    [{ error: { message: 'Invalid model', type: 'x' } }, 'Invalid model'],
    [{ error: 'invalid_auth' }, 'invalid_auth'],
    [{ status: 403, err: 'Invalid token' }, 'Invalid token'],
    ['<html>Bad gateway</html>', '<html>Bad gateway</html>'],
    [{ ok: false }, undefined],
    [undefined, undefined],
    ['', undefined],
  ])('finds it in %j', (body, reason) => {
    expect(reasonOf(body)).toBe(reason);
  });

  it('is never longer than 300 characters', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (body, text) => {
        expect((reasonOf({ message: text.repeat(50), errors: body }) ?? '').length).toBeLessThanOrEqual(300);
      }),
    );
  });
});

describe('codePrefix', () => {
  it('writes a name as codes are written', () => {
    expect(codePrefix('memory-gateway')).toBe('MEMORY_GATEWAY');
  });
});
