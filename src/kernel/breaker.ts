// When the breaker of a service opens and closes: the values that definitions declare and resilience reads.

export interface BreakerSettings {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** How far back calls count for `rate`. */
  readonly windowMs: number;
  /** This share of failed calls in the window opens it, once the window holds twice `failures` calls. */
  readonly rate: number;
  /** How long it refuses before it lets one call try. */
  readonly openMs: number;
  /** So many tries must succeed before it closes. */
  readonly successes: number;
}

export const DEFAULT_BREAKER: BreakerSettings = {
  failures: 5,
  windowMs: 60_000,
  rate: 0.5,
  openMs: 60_000,
  successes: 2,
};

/** The longest window: what is older is forgotten. */
export const MAX_BREAKER_WINDOW_MS = 5 * 60_000;

/** The breaker that an act goes through, where its definition says so. */
export interface BreakerUse {
  readonly service: string;
  /** While the service is down the act waits for it, instead of being refused. */
  readonly park: boolean;
  readonly settings: BreakerSettings;
}
