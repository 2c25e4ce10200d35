// How the outcome of a call speaks for its service.
import { describe, expect, it } from 'vitest';
import { failure } from '../../src/kernel/index.ts';
import type { Failure, Outcome } from '../../src/kernel/index.ts';
import { verdictOf } from '../../src/tools/breaker-verdict.ts';

function failed(code: string, kind: Failure['kind']): Outcome {
  return { ok: false, error: failure(code, 'so', { kind }) };
}

describe('verdictOf', () => {
  it.each<[string, Outcome, string]>([
    ['an answer', { ok: true, value: null }, 'ok'],
    ['a 503', failed('GITHUB_503', 'theirs'), 'failed'],
    ['an address that nobody answers at', failed('GITHUB_UNREACHABLE', 'theirs'), 'failed'],
    ['an answer that breaks its promise', failed('GITHUB_MALFORMED', 'theirs'), 'failed'],
    ['no answer in time', failed('TIMEOUT', 'timeout'), 'failed'],
    ['silence', failed('STALLED', 'timeout'), 'failed'],
    ['a 422 of the service', failed('GITHUB_422', 'ours'), 'ok'],
    ['a refusal inside an answer', failed('GITHUB_NOT_ALLOWED', 'ours'), 'ok'],
    ['arguments that were never sent', failed('INVALID_ARGUMENTS', 'ours'), 'none'],
    ['a 429', failed('GITHUB_429', 'rate_limit'), 'none'],
    ['a cancel', failed('CANCELLED', 'cancelled'), 'none'],
    ['a guard of ours', failed('GITHUB_NOT_CONFIGURED', 'refused'), 'none'],
  ])('hears %s as it should', (_, outcome, verdict) => {
    expect(verdictOf({ tool: 'github', outcome, isCut: false })).toBe(verdict);
  });

  it('does not blame the service for an attempt that we cut short', () => {
    expect(verdictOf({ tool: 'github', outcome: failed('TIMEOUT', 'timeout'), isCut: true })).toBe('none');
  });
});
