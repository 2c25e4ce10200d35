// How acts that waited go on: one while the service is tried, then as many as it bears.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParkedActs, nextShare } from '../../src/resilience/parked.ts';
import type { Outlook } from '../../src/resilience/parked.ts';

const never = new AbortController().signal;
const calm: Outlook = { kind: 'served', failures: 0 };

describe('nextShare', () => {
  it('grows by one a round while all is well, up to 16', () => {
    const after = (acts: number, share: number): number =>
      acts === 0 ? share : after(acts - 1, nextShare(share, false));

    expect(after(1, 1)).toBe(2);
    expect(after(10, 10)).toBeCloseTo(11, 0);
    expect(after(1_000, 1)).toBe(16);
  });

  it('is halved once a call failed, and never less than one', () => {
    expect([64, 3, 1].map((share) => nextShare(share, true))).toEqual([32, 1.5, 1]);
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.boolean(),
        (share, failed) => nextShare(share, failed) >= 1,
      ),
    );
  });
});

describe('acts that wait', () => {
  it('stay while they would be refused, then go one first and more after it', async () => {
    let outlook: Outlook = { kind: 'refused', forMs: 60_000 };
    const parked = new ParkedActs(
      () => outlook,
      () => 0,
    );
    const gone: number[] = [];
    let atOnce = 0;
    let mostAtOnce = 0;
    const acts = [1, 2, 3].map(async (act) => {
      const leave = await parked.wait(never);
      gone.push(act);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await Promise.resolve();
      atOnce -= 1;
      leave();
    });
    expect(parked.size).toBe(3);

    outlook = calm;
    parked.look();
    await Promise.all(acts);

    expect(gone).toEqual([1, 2, 3]);
    expect(mostAtOnce).toBe(2);
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
