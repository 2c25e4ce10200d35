// What operators changed about a run, as its row has it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNAMENDED, amendmentsOf, epochOf, nextEpoch, patchOf } from '../../../src/runs/amendments.ts';

const row = { epochs: {}, decisions: {}, inherited: [], changes: [], control: null };

describe('amendmentsOf', () => {
  it('reads a row that nobody changed', () => {
    expect(amendmentsOf(row)).toEqual(UNAMENDED);
  });

  it('reads decisions with their changes, and a rewind under way', () => {
    const asked = { by: 'ann', reason: null, at: '2026-01-01T00:00:00.000Z' };
    const decisions = { 'a.b': { ...asked, decision: 'retry', with: { to: 'x' } } };
    const rewind = { ...asked, node: 'a.b', suspects: [] };

    const amended = amendmentsOf({ ...row, decisions, control: { rewind } });

    expect(amended.rewind).toEqual(rewind);
    expect(patchOf(amended, 'a.b')).toEqual({ to: 'x' });
    expect(patchOf(amended, 'a.c')).toBeUndefined();
  });
});

describe('epochs', () => {
  const epochs = fc.dictionary(fc.constantFrom('a.b', 'a.b[0]', 'a.b[7]', 'a.bc', 'a.bc[0]'), fc.nat(20));

  it('are 0 for what was never begun anew', () => {
    expect(epochOf({ epochs: {} }, 'a.b', 3)).toBe(0);
  });

  it('of an item are its own or its list’s, whichever is later', () => {
    expect(epochOf({ epochs: { 'a.b': 1, 'a.b[0]': 3 } }, 'a.b', 0)).toBe(3);
    expect(epochOf({ epochs: { 'a.b': 4, 'a.b[0]': 3 } }, 'a.b', 0)).toBe(4);
  });

  it('begun next are new to the node and to each of its items, and touch no other node', () => {
    fc.assert(
      fc.property(epochs, fc.option(fc.nat(9), { nil: undefined }), (given, item) => {
        const next = nextEpoch({ epochs: given }, 'a.b');
        const after = { epochs: { ...given, 'a.b': next } };

        expect(next).toBeGreaterThan(epochOf({ epochs: given }, 'a.b', item));
        expect(epochOf(after, 'a.b', item)).toBe(next);
        expect(epochOf(after, 'a.bc', item)).toBe(epochOf({ epochs: given }, 'a.bc', item));
      }),
    );
  });
});
