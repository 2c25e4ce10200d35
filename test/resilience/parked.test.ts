// How acts that waited go on: one while the service is tried, then more and more.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParkedActs, nextBatch } from '../../src/resilience/parked.ts';
import type { Outlook } from '../../src/resilience/parked.ts';

const never = new AbortController().signal;
const calm: Outlook = { kind: 'served', calm: true };

describe('nextBatch', () => {
  it('is one while the service is tried', () => {
    fc.assert(fc.property(fc.nat(100), (last) => nextBatch(last, { kind: 'tried' }) === 1));
  });

  it('doubles while all is well, up to 64', () => {
    const sizes = Array.from({ length: 7 }).reduce<number[]>((all) => [...all, nextBatch(all.at(-1) ?? 0, calm)], []);

    expect(sizes).toEqual([4, 8, 16, 32, 64, 64, 64]);
  });

  it('halves once calls fail, down to one', () => {
    const failing: Outlook = { kind: 'served', calm: false };

    expect([64, 5, 1, 0].map((last) => nextBatch(last, failing))).toEqual([32, 2, 1, 1]);
  });
});

describe('acts that wait', () => {
  it('stay while they would be refused', async () => {
    let outlook: Outlook = { kind: 'refused', forMs: 60_000 };
    const parked = new ParkedActs(
      () => outlook,
      () => 0,
    );
    const gone: number[] = [];
    const acts = [1, 2, 3].map(async (act) => {
      await parked.wait(never);
      gone.push(act);
    });
    expect(parked.size).toBe(3);

    outlook = calm;
    parked.look();
    await Promise.all(acts);

    expect(gone).toEqual([1, 2, 3]);
    expect(parked.size).toBe(0);
    parked.stop();
  });

  it('leave when they are stopped', async () => {
    const parked = new ParkedActs(
      () => ({ kind: 'refused', forMs: 60_000 }),
      () => 0,
    );
    const stop = new AbortController();
    const waiting = parked.wait(stop.signal);

    stop.abort();
    await waiting;

    expect(parked.size).toBe(0);
    parked.stop();
  });

  it('do not wait once they are stopped', async () => {
    const parked = new ParkedActs(
      () => ({ kind: 'refused', forMs: 60_000 }),
      () => 0,
    );

    await parked.wait(AbortSignal.abort());

    expect(parked.size).toBe(0);
  });
});
