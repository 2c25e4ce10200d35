// A secret in code: a whole argument and nothing else, for the compiler and at run time.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { action, secret, type Saga, type Secret, type WithSecrets } from '../../../src/runs/index.ts';
import { takeSecrets } from '../../../src/runs/secret.ts';

describe('secret', () => {
  it('is a reference in the arguments, and its place is known', () => {
    const given = { headers: { a: secret('partner'), b: 'secret://text' }, list: [1, secret('other')], none: null };

    expect(takeSecrets(given)).toEqual({
      args: { headers: { a: 'secret://partner', b: 'secret://text' }, list: [1, 'secret://other'], none: null },
      secrets: [
        { path: ['headers', 'a'], name: 'partner' },
        { path: ['list', '1'], name: 'other' },
      ],
    });
  });

  it('is known to another copy of the module', () => {
    const copy = { [Symbol.for('breakwater.secret')]: 'partner' };

    expect(takeSecrets({ a: copy }).args).toEqual({ a: 'secret://partner' });
  });

  it('cannot be made part of a text', () => {
    const made = secret('partner');

    // oxlint-disable-next-line typescript/no-base-to-string, typescript/restrict-template-expressions -- what is to be refused
    expect(() => `Bearer ${made}`).toThrow('must be a whole argument');
    expect(() => JSON.stringify({ made })).toThrow('must be a whole argument');
  });

  it.each(['', 'a b', '-a', 'a/b', 'x'.repeat(101)])('has no name such as "%s"', (name) => {
    expect(() => secret(name)).toThrow('is no name of a secret');
  });

  it('refuses arguments without an end', () => {
    const ring: Record<string, unknown> = {};
    ring['again'] = ring;

    expect(() => takeSecrets(ring)).toThrow('nested deeper');
  });

  it('fits where a text does, and nowhere else', () => {
    type Given = WithSecrets<{ text: string; count: number; tone: 'kind' | 'terse'; list: string[]; maybe?: string }>;

    expectTypeOf<Given['text']>().toEqualTypeOf<string | Secret>();
    expectTypeOf<Given['count']>().toEqualTypeOf<number>();
    expectTypeOf<Given['tone']>().toEqualTypeOf<'kind' | 'terse'>();
    expectTypeOf<Given['list']>().toEqualTypeOf<readonly (string | Secret)[]>();
    expectTypeOf<Given['maybe']>().toEqualTypeOf<string | Secret | undefined>();
  });

  it('fits the arguments of http as they are', () => {
    const call = (saga: Saga) =>
      saga.run(action('http', 'request'), {
        url: 'https://api.partner.example/orders',
        method: 'POST',
        headers: { authorization: secret('partner') },
        json: { nested: [{ token: secret('partner') }] },
      });
    const wrong = (saga: Saga) =>
      // @ts-expect-error -- a method is one of a few words
      saga.run(action('http', 'request'), { url: 'https://x.example', method: secret('partner') });

    expect([call, wrong]).toHaveLength(2);
  });
});
