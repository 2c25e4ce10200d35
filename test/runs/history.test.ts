// When a run's record is long, and when it is too long.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { HISTORY_LIMITS, openHistory } from '../../src/runs/history.ts';
import type { HistorySize } from '../../src/runs/history.ts';

const limits: HistorySize = { checkpoints: 10, bytes: 1_000 };
const empty: HistorySize = { checkpoints: 0, bytes: 0 };

function open(start: HistorySize = empty) {
  const onHalf = vi.fn<(size: HistorySize) => void>();
  return { onHalf, history: openHistory(start, onHalf, limits) };
}

describe('openHistory', () => {
  it('is full once either limit is reached, and says at half that it will be', () => {
    const checkpoints = fc.array(fc.string({ maxLength: 200 }), { maxLength: 30 });
    fc.assert(
      fc.property(checkpoints, (each) => {
        const { history, onHalf } = open();
        let bytes = 0;
        for (const [index, checkpoint] of each.entries()) {
          history.add(checkpoint);
          bytes += Buffer.byteLength(JSON.stringify(checkpoint));
          expect(history.full !== undefined).toBe(index + 1 >= 10 || bytes >= 1_000);
          expect(onHalf).toHaveBeenCalledTimes(index + 1 >= 5 || bytes >= 500 ? 1 : 0);
        }
      }),
    );
  });

  it('goes on from what earlier executions recorded', () => {
    expect(open({ checkpoints: 10, bytes: 0 }).history.full).toBeDefined();
    expect(open({ checkpoints: 0, bytes: 1_000 }).history.full).toBeDefined();
    expect(open({ checkpoints: 9, bytes: 999 }).history.full).toBeUndefined();
  });

  it('says how much there is, how much there may be, and what to do', () => {
    const { history } = open({ checkpoints: 10, bytes: 900_000 });

    expect(history.full).toEqual({
      code: 'HISTORY_LIMIT',
      message:
        'the run has recorded 10 outcomes of 1 MiB in all; 10 and 1 MiB are the most: split the work over several runs, or let activities answer less',
      kind: 'refused',
      retryable: false,
      unknown: false,
    });
  });

  it('lets a list of the longest kind through', () => {
    expect(HISTORY_LIMITS.checkpoints).toBeGreaterThan(16_384);
  });
});
