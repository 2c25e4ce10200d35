// How a fault counts the occasions it lets pass and those it takes.
import { describe, expect, it } from 'vitest';
import { Charge, type LandedFault } from './landed.ts';

describe('Charge', () => {
  it('passes over the first occasions, takes as many as it was told to, then is done', async () => {
    const log: LandedFault[] = [];
    const charge = new Charge('fault', log, { nth: 3, times: 2 });

    const taken = [1, 2, 3, 4, 5].map((occasion) => {
      const strikes = charge.take();
      if (strikes) charge.land(`occasion ${occasion}`, occasion);
      return strikes;
    });
    await charge.done;

    expect(taken).toEqual([false, false, true, true, false]);
    expect(log.map(({ connection }) => connection)).toEqual([3, 4]);
    expect(charge.disarm()).toBe(false);
  });

  it('never takes more at once than it has, and tries again what came to nothing', () => {
    const charge = new Charge('fault', []);

    expect([charge.take(), charge.take()]).toEqual([true, false]);
    charge.miss();
    expect(charge.take()).toBe(true);
  });

  it('takes nothing more once it is disarmed, and says that it had not struck', () => {
    const charge = new Charge('fault', []);

    expect(charge.disarm()).toBe(true);
    expect(charge.take()).toBe(false);
  });
});
