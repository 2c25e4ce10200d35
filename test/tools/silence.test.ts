// When silence counts: never while there are signs of life, once when there are none.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchSilence } from '../../src/tools/silence.ts';

const LIMIT_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watch() {
  const onSilence = vi.fn<() => void>();
  return { onSilence, ...watchSilence(LIMIT_MS, onSilence) };
}

describe('watchSilence', () => {
  it('notices once, between the limit and a quarter more', () => {
    const { onSilence } = watch();

    vi.advanceTimersByTime(LIMIT_MS);
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(LIMIT_MS / 4);
    expect(onSilence).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10 * LIMIT_MS);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  it('is content with any signs that are never further apart than the limit, and notices soon after the last', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: LIMIT_MS }), { maxLength: 30 });
    fc.assert(
      fc.property(pauses, (each) => {
        const { onSilence, beat } = watch();
        for (const pause of each) {
          vi.advanceTimersByTime(pause);
          beat();
        }
        expect(onSilence).not.toHaveBeenCalled();
        vi.advanceTimersByTime(LIMIT_MS * 1.25);
        expect(onSilence).toHaveBeenCalledOnce();
      }),
    );
  });

  it('is over once it is stopped', () => {
    const { onSilence, stop } = watch();

    stop();

    vi.advanceTimersByTime(10 * LIMIT_MS);
    expect(onSilence).not.toHaveBeenCalled();
  });
});
