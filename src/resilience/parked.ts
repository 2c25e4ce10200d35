// Acts that wait for a service to come back: one at a time while it is only tried, then in growing batches, so that they do not
// bring it down again.
import type { Random } from '../kernel/index.ts';

/** Between two batches, give or take half of it. */
const PAUSE_MS = 250;
const FIRST_BATCH = 4;
const LARGEST_BATCH = 64;

/** What the breaker says to those who wait. `calm`: the service answers without a failure. */
export type Outlook =
  | { readonly kind: 'served'; readonly calm: boolean }
  | { readonly kind: 'tried' }
  | { readonly kind: 'refused'; readonly forMs: number };

/** How many go next: twice as many while all is well, half as many once it is not. Pure. */
export function nextBatch(last: number, outlook: Outlook): number {
  if (outlook.kind !== 'served') return 1;
  return outlook.calm ? Math.min(Math.max(last * 2, FIRST_BATCH), LARGEST_BATCH) : Math.max(1, Math.floor(last / 2));
}

export class ParkedActs {
  readonly #waiting = new Set<() => void>();
  readonly #outlook: () => Outlook;
  readonly #random: Random;
  #batch = 0;
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
  async wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const leave = (): void => {
        this.#waiting.delete(leave);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.add(leave);
      signal.addEventListener('abort', leave, { once: true });
      this.look();
    });
  }

  /** Lets go whoever may; to be called whenever the outlook may have changed. */
  look(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) {
      this.#batch = 0;
      return;
    }
    const outlook = this.#outlook();
    const waitMs = outlook.kind === 'refused' ? outlook.forMs : this.#notBeforeMs - performance.now();
    this.#timer = setTimeout(() => this.look(), waitMs > 0 ? Math.min(waitMs, MAX_WAIT_MS) : this.#release(outlook));
  }

  /** Answers when to look again: until then those who go now leave one by one. */
  #release(outlook: Outlook): number {
    this.#batch = nextBatch(this.#batch, outlook);
    const pauseMs = PAUSE_MS * (0.5 + this.#random());
    for (const leave of [...this.#waiting].slice(0, this.#batch)) {
      this.#waiting.delete(leave);
      setTimeout(leave, outlook.kind === 'tried' ? 0 : pauseMs * this.#random());
    }
    this.#notBeforeMs = performance.now() + pauseMs;
    return pauseMs;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

const MAX_WAIT_MS = 60_000;
