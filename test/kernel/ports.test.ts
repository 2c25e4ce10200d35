// The ports' everyday ends: the machine's clock, and an announcement that nobody hears.
import { describe, expect, it } from 'vitest';
import { silent, steadyClock, systemClock } from '../../src/kernel/index.ts';

describe('systemClock', () => {
  it('tells the time of this machine in milliseconds', () => {
    const before = Date.now();
    const now = systemClock.now();
    const after = Date.now();

    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(after);
  });
});

describe('steadyClock', () => {
  it("counts on whatever is done to the machine's clock", () => {
    const before = steadyClock.now();
    const { now } = Date;
    Date.now = () => 0;
    const after = steadyClock.now();
    Date.now = now;

    expect(after).toBeGreaterThanOrEqual(before);
    expect(Math.abs(after - Date.now())).toBeLessThan(60_000);
  });
});

describe('silent', () => {
  it('takes any event and gives nothing back', () => {
    expect(silent({ level: 'error', name: 'run.stuck', fields: { run: 'run_1' } })).toBeUndefined();
  });
});
