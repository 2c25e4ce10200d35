// The status a run ends in tells what happened.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure } from '../../src/kernel/index.ts';
import type { TurnReason } from '../../src/runs/advance.ts';
import { finalStatus, wantsCompensation } from '../../src/runs/final-status.ts';
import type { UndoTally } from '../../src/runs/final-status.ts';
import { isFinal } from '../../src/runs/runs.ts';

const broken = failure('GITHUB_422', 'no such branch');
const turns = {
  failure: { cause: 'failure', at: 'work.a', failure: broken },
  rejection: { cause: 'rejection', at: 'review', failure: null },
  cancel: { cause: 'cancel', at: null, failure: failure('CANCELLED', 'cancelled by ann', { kind: 'cancelled' }) },
  'module timeout': {
    cause: 'timeout',
    at: 'work.a',
    failure: failure('MODULE_TIMEOUT', 'too long', { kind: 'timeout' }),
  },
  'run timeout': { cause: 'timeout', at: null, failure: failure('RUN_TIMEOUT', 'too long', { kind: 'timeout' }) },
  'expired approval': { cause: 'timeout', at: 'review', failure: null },
} as const satisfies Record<string, TurnReason>;

const nothing: UndoTally = { total: 0, compensated: 0, failed: 0, standing: [] };
const allUndone: UndoTally = { total: 1, compensated: 1, failed: 0, standing: [] };

describe('finalStatus', () => {
  it('is succeeded when the run never turned', () => {
    expect(finalStatus(undefined, nothing)).toBe('succeeded');
  });

  it.each([
    ['failure', 'failed', 'compensated'],
    ['rejection', 'rejected', 'rejected'],
    ['cancel', 'cancelled', 'cancelled'],
    ['module timeout', 'failed', 'compensated'],
    ['run timeout', 'failed', 'compensated'],
    ['expired approval', 'rejected', 'rejected'],
  ] as const)('after a %s is %s with nothing undone and %s with everything undone', (turn, withNothing, withAll) => {
    expect(finalStatus(turns[turn], nothing)).toBe(withNothing);
    expect(finalStatus(turns[turn], allUndone)).toBe(withAll);
  });

  it('is compensation_failed when one undo failed, whatever the cause and however many worked', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(turns)),
        fc.nat(),
        fc.integer({ min: 1 }),
        (turn, compensated, undone) => {
          expect(finalStatus(turn, { total: compensated + undone, compensated, failed: undone, standing: [] })).toBe(
            'compensation_failed',
          );
        },
      ),
    );
  });

  it('is never compensated while something stands that nothing takes back', () => {
    expect(finalStatus(turns.failure, { ...allUndone, standing: ['work.b'] })).toBe('compensation_failed');
    expect(finalStatus(turns.failure, { ...nothing, standing: ['work.b'] })).toBe('failed');
    expect(finalStatus(turns.rejection, { ...allUndone, standing: ['work.b'] })).toBe('rejected');
  });

  it('always ends the run', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(undefined, ...Object.values(turns)),
        fc.nat(),
        fc.nat(),
        (turn, compensated, failed) => {
          expect(isFinal(finalStatus(turn, { total: compensated + failed, compensated, failed, standing: [] }))).toBe(
            true,
          );
        },
      ),
    );
  });
});

describe('isFinal', () => {
  it.each(['queued', 'running', 'waiting', 'paused', 'held', 'stuck', 'compensating'] as const)(
    'says that %s goes on',
    (status) => {
      expect(isFinal(status)).toBe(false);
    },
  );
});

describe('wantsCompensation', () => {
  const stop = { onFailure: 'stop' } as const;

  it('is what on_failure says for a failure', () => {
    expect(wantsCompensation(stop, turns.failure)).toBe(false);
    expect(wantsCompensation({ onFailure: 'compensate' }, turns.failure)).toBe(true);
  });

  it('undoes what people refused or never answered, whatever on_failure says', () => {
    expect(wantsCompensation(stop, turns.rejection)).toBe(true);
    expect(wantsCompensation(stop, { cause: 'timeout', at: 'review', failure: null })).toBe(true);
  });
});
