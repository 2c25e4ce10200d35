// Acts that wait for a service to come back: one at a time while it is only tried, then so many at once as it has shown to bear.
import type { Random } from '../kernel/index.ts';

/** Between two tries, give or take half of it. */
const PAUSE_MS = 250;
const MAX_WAIT_MS = 60_000;
/** Of acts that waited, at once: they may reach the service in one moment, as a burst. */
const MAX_SHARE = 16;

/** What the breaker says to those who wait. `failures`: of all calls that this process ever made. */
export type Outlook =
  | { readonly kind: 'served'; readonly failures: number }
  | { readonly kind: 'tried' }
  | { readonly kind: 'refused'; readonly forMs: number };

/**
 * How many may be under way after one of `share` has ended: one more for each round in which all goes well, half as many once a call
 * failed, as TCP does (RFC 5681, congestion avoidance). Pure.
 */
export function nextShare(share: number, hasFailed: boolean): number {
  return hasFailed ? Math.max(1, share / 2) : Math.min(MAX_SHARE, share + 1 / share);
}

/** To be called once the act that waited is over. */
export type Leave = () => void;

export class ParkedActs {
  readonly #waiting = new Set<() => void>();
  readonly #outlook: () => Outlook;
  readonly #random: Random;
  #share = 1;
  /** Acts that waited and are not over yet. */
  #underWay = 0;
  #failures = 0;
  #notBeforeMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(outlook: () => Outlook, random: Random) {
    this.#outlook = outlook;
    this.#random = random;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves when the act may go, or `signal` is aborted. */
  async wait(signal: AbortSignal): Promise<Leave> {
    if (signal.aborted) return () => undefined;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', go);
        this.#underWay += 1;
        resolve();
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', go, { once: true });
      this.look();
    });
    return this.#leaveOnce();
  }

  /** Lets go whoever may; to be called whenever the outlook may have changed. */
  look(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    const outlook = this.#outlook();
    const waitMs = outlook.kind === 'served' ? 0 : this.#mayTryInMs(outlook);
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.look(), Math.min(waitMs, MAX_WAIT_MS));
      return;
    }
    this.#release(outlook);
  }

  #mayTryInMs(outlook: Exclude<Outlook, { kind: 'served' }>): number {
    return outlook.kind === 'refused' ? outlook.forMs : this.#notBeforeMs - performance.now();
  }

  #release(outlook: Outlook): void {
    if (outlook.kind === 'tried') this.#share = 1;
    const free = Math.floor(this.#share) - this.#underWay;
    for (const go of [...this.#waiting].slice(0, Math.max(0, free))) go();
    this.#notBeforeMs = performance.now() + PAUSE_MS * (0.5 + this.#random());
  }

  #leaveOnce(): Leave {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#underWay -= 1;
      this.#learn(this.#outlook());
      this.look();
    };
  }

  // A success may have ended a row of failures by now: what counts is that one failed since the last act was over.
  #learn(outlook: Outlook): void {
    if (outlook.kind !== 'served') return;
    this.#share = nextShare(this.#share, outlook.failures > this.#failures);
    this.#failures = outlook.failures;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
