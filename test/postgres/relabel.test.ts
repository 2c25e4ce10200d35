import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LostConnectionError, isLostConnection, relabel } from '../../src/postgres/relabel.ts';

const withCode = (code: string) => Object.assign(new Error('told by the server'), { code });

describe('relabel', () => {
  it.each(['25006', '28000', '28P01', '3D000', '58000', '58030', 'XX000', '40001', 'ENOTFOUND', 'EPIPE'])(
    'tells %s as a lost connection and keeps the original as the cause',
    (code) => {
      const original = withCode(code);

      const relabelled = relabel(original);

      expect(relabelled).toBeInstanceOf(LostConnectionError);
      expect(relabelled).toMatchObject({ code: 'ECONNRESET', cause: original });
    },
  );

  it.each(['22012', '23505', '54000', '57014', '57P01', '08006', '42P01', 'XX001', 'ECONNRESET'])(
    'hands %s on untouched',
    (code) => {
      const original = withCode(code);

      expect(relabel(original)).toBe(original);
    },
  );

  it('hands on whatever has no code', () => {
    fc.assert(fc.property(fc.anything(), (thrown) => relabel(thrown) === thrown || hasCode(thrown)));
  });

  it('never takes bad data, a limit or a cancelled statement for a lost connection', () => {
    const classes = fc.constantFrom('22', '23', '54', '57');
    const rest = fc.stringMatching(/^[0-9A-Z]{3}$/);

    fc.assert(fc.property(classes, rest, (prefix, suffix) => !isLostConnection(prefix + suffix)));
  });
});

function hasCode(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown;
}
