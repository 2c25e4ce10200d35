// Secrets stay out of messages in every form.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedact } from '../../src/tools/redact.ts';

describe('createRedact', () => {
  it('removes a secret as it is, percent-encoded and in base64', () => {
    const redact = createRedact(['s3cret/+ü']);
    const base64 = Buffer.from('s3cret/+ü').toString('base64');

    expect(redact(`a s3cret/+ü b ${encodeURIComponent('s3cret/+ü')} c ${base64}`)).toBe(
      'a [redacted] b [redacted] c [redacted]',
    );
  });

  it('leaves no part of a secret that contains another', () => {
    expect(createRedact(['abcd', 'abcdefgh'])('x abcdefgh y')).toBe('x [redacted] y');
  });

  it('never lets a secret through, wherever it stands', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/).filter((text) => !'[redacted]'.includes(text));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        expect(createRedact([value])(`${before}${value}${after}`)).not.toContain(value);
      }),
    );
  });

  it('leaves everything else as it is', () => {
    expect(createRedact(['', 'ab', 'token-123'])('ab, nothing secret')).toBe('ab, nothing secret');
  });
});
