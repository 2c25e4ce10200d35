// Secrets stay out of messages in every form.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedact, createRedactor } from '../../src/tools/redact.ts';

describe('createRedact', () => {
  it('removes a secret as it is, percent-encoded and in base64', () => {
    const redact = createRedact(['s3cret/+ü']);
    const base64 = Buffer.from('s3cret/+ü').toString('base64');

    expect(redact(`a s3cret/+ü b ${encodeURIComponent('s3cret/+ü')} c ${base64}`)).toBe(
      'a [redacted] b [redacted] c [redacted]',
    );
  });

  it('removes the token of an approval link, whose ever it is', () => {
    const token = `${'a'.repeat(300)}.${'b'.repeat(43)}`;
    const refused = `no such recipient: Read and answer: https://bw.example/approve/${token}, thanks`;

    expect(createRedact([])(refused)).toBe(
      'no such recipient: Read and answer: https://bw.example/approve/[redacted], thanks',
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

  it('knows a secret in JSON, in addresses, forms and pages, and inside base64', () => {
    const secret = `a/b "c" <d> & é+f=`;
    const written = [
      JSON.stringify({ secret }),
      JSON.stringify({ inner: JSON.stringify({ secret }) }),
      JSON.stringify({ secret }).replaceAll('/', String.raw`\/`),
      `https://x.example/?q=${encodeURIComponent(secret)}`,
      `https://x.example/?q=${encodeURIComponent(secret).toLowerCase()}`,
      new URLSearchParams({ secret }).toString(),
      '<p>a/b &quot;c&quot; &lt;d&gt; &amp; é+f=</p>',
      ...['', 'u', 'us', 'user:'].map((before) => Buffer.from(`${before}${secret}!`).toString('base64')),
      ...['', 'u', 'us', 'user:'].map((before) => Buffer.from(`${before}${secret}!`).toString('base64url')),
    ];

    for (const text of written) expect(createRedact([secret])(text)).toContain('[redacted]');
  });

  it('knows what follows the scheme of a credential', () => {
    expect(createRedact(['Basic dXNlcjpwYXNz'])('dXNlcjpwYXNz, said twice: Basic dXNlcjpwYXNz')).toBe(
      '[redacted], said twice: [redacted]',
    );
  });

  it('hides all of base64 that tells of the secret, wherever it begins', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/);
    fc.assert(
      fc.property(
        secret,
        fc.string({ unit: 'binary-ascii' }),
        fc.string({ unit: 'binary-ascii' }),
        (value, before, after) => {
          const text = createRedact([value])(Buffer.from(`${before}${value}${after}`).toString('base64'));

          const decoded = text.split('[redacted]').map((part) => Buffer.from(part, 'base64').toString('latin1'));
          expect(text).toContain('[redacted]');
          expect(decoded.join('\n')).not.toContain(value.slice(1, -1));
        },
      ),
    );
  });

  it('leaves everything else as it is', () => {
    expect(createRedact(['', 'ab', 'token-123'])('ab, nothing secret')).toBe('ab, nothing secret');
  });
});

describe('createRedactor', () => {
  it('shows what each secret is called, also where one is part of the name of another', () => {
    const redactor = createRedactor();
    redactor.hide('partner-1', 'secret://first');
    redactor.hide('password-2', 'secret://partner-1');

    expect(redactor.text('partner-1 password-2')).toBe('secret://first secret://partner-1');
  });

  it('finds secrets in keys and values, and gives back the same value where there is none', () => {
    const redactor = createRedactor();
    redactor.hide('say "hello"', 'secret://a');
    const clean = { a: [1, 'say hello', null] };

    expect(redactor.json({ 'say "hello"': ['x say "hello"', { n: 1 }] })).toEqual({
      'secret://a': ['x secret://a', { n: 1 }],
    });
    expect(redactor.json(clean)).toBe(clean);
  });

  it('clears errors of any class and their causes, in place', () => {
    const redactor = createRedactor();
    redactor.hide('hunter2-and-more', 'secret://a');
    const error = new TypeError('no hunter2-and-more', { cause: new RangeError('of hunter2-and-more') });
    const again = new Error('a ring of hunter2-and-more');
    again.cause = again;

    const aborted = new DOMException('hunter2-and-more was too slow', 'TimeoutError');

    redactor.error(error);
    redactor.error(again);
    redactor.error(aborted);

    expect(aborted.message).toBe('secret://a was too slow');

    expect(error).toMatchObject({ message: 'no secret://a', cause: { message: 'of secret://a' } });
    expect(`${error.stack} ${again.message}`).not.toContain('hunter2');
  });

  it('leaves alone what is too short to be told from innocent text', () => {
    const redactor = createRedactor();
    redactor.hide('1234567');

    expect(redactor.text('1234567')).toBe('1234567');
  });
});
