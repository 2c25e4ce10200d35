// One direction of one connection: hands on bytes and the goodbye behind them as the network of the moment lets it.

/** `held`: nothing arrives, and nothing is lost. Delays and rates are for this one direction. */
export type Flow = 'open' | 'held' | { readonly delayMs: number } | { readonly bytesPerSecond: number };

/** How a connection ends: politely, or with a reset. */
export type Goodbye = 'end' | 'reset';

export interface Destination {
  write(bytes: Buffer): void;
  close(goodbye: Goodbye): void;
}

interface Parcel {
  readonly content: Buffer | Goodbye;
  readonly arrivedAt: number;
}

const THROTTLE_TICK_MS = 50;

/** Holds without limit: what passes in a test is small. */
export class Carrier {
  readonly #destination: Destination;
  #parcels: Parcel[] = [];
  #flow: Flow = 'open';
  #struck: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  /** Behind the first goodbye there is nothing more to carry. */
  carry(content: Buffer | Goodbye): void {
    if (this.#ended) return;
    this.#ended = !Buffer.isBuffer(content);
    this.#parcels.push({ content, arrivedAt: performance.now() });
    this.#deliver();
  }

  /** `struck` is called whenever something does not pass at once. */
  set(flow: Flow, struck: () => void = () => undefined): void {
    this.#flow = flow;
    this.#struck = struck;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#deliver();
  }

  /** Drops what is held. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#parcels = [];
  }

  #deliver(): void {
    if (this.#timer !== undefined || this.#parcels.length === 0) return;
    if (this.#flow !== 'open') this.#struck();
    if (this.#flow === 'open') this.#handOn(this.#parcels.length);
    else if (this.#flow === 'held') return;
    else if ('delayMs' in this.#flow) this.#deliverDue(this.#flow.delayMs);
    else this.#deliverSlice(Math.ceil((this.#flow.bytesPerSecond * THROTTLE_TICK_MS) / 1_000));
  }

  #deliverDue(delayMs: number): void {
    const now = performance.now();
    const waiting = this.#parcels.findIndex(({ arrivedAt }) => arrivedAt + delayMs > now);
    this.#handOn(waiting === -1 ? this.#parcels.length : waiting);
    const [next] = this.#parcels;
    if (next !== undefined) this.#again(next.arrivedAt + delayMs - now);
  }

  #deliverSlice(limit: number): void {
    const [first] = this.#parcels;
    if (first !== undefined && Buffer.isBuffer(first.content) && first.content.length > limit) {
      this.#parcels[0] = { ...first, content: first.content.subarray(limit) };
      this.#destination.write(first.content.subarray(0, limit));
    } else {
      this.#handOn(1);
    }
    this.#again(THROTTLE_TICK_MS);
  }

  // Taken off first: what is handed on may bring about more parcels.
  #handOn(count: number): void {
    for (const { content } of this.#parcels.splice(0, count)) {
      if (Buffer.isBuffer(content)) this.#destination.write(content);
      else this.#destination.close(content);
    }
  }

  #again(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#deliver();
    }, afterMs);
  }
}
