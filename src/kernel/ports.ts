// Clock and randomness as parameters, so that pure code and tests decide what time it is.

/** Milliseconds since the epoch. Across processes this is the database's time (D12). */
export interface Clock {
  now(): number;
}

/** A number in [0, 1). */
export type Random = () => number;

/** This machine's clock, which people and NTP set. */
export const systemClock: Clock = { now: () => Date.now() };

/** As the machine's clock stood at the start of the process, counted on by what nobody can set. */
export const steadyClock: Clock = { now: () => performance.timeOrigin + performance.now() };
