// The proof that a fault struck, and the fault that lies in wait until it has. Pure but for the rig's clock.

/** Proof of one fault that truly struck. */
export interface LandedFault {
  readonly fault: string;
  /** The rig's own clock, milliseconds since 1970. */
  readonly at: number;
  readonly what: string;
  /** Number of the connection it struck, where it struck one. */
  readonly connection?: number;
}

/** A fault that lies in wait for its moment. */
export interface ArmedFault {
  readonly landed: readonly LandedFault[];
  /** Resolves once it has struck as often as it was told to. */
  readonly done: Promise<void>;
  /** It strikes no more. True when it had not struck as often as it was told to. */
  disarm(): boolean;
}

export function landedFault(fault: string, what: string, connection?: number): LandedFault {
  return { fault, at: Date.now(), what, ...(connection !== undefined && { connection }) };
}

/** Counts the strikes of one fault: so many matching occasions pass by, then so many are struck. */
export class Charge implements ArmedFault {
  readonly fault: string;
  readonly landed: LandedFault[] = [];
  readonly done: Promise<void>;
  readonly #times: number;
  readonly #log: LandedFault[];
  #finish: () => void = () => undefined;
  #toPass: number;
  #underWay = 0;
  #disarmed = false;

  /** `log` takes every strike, as `landed` does. */
  constructor(fault: string, log: LandedFault[], { nth = 1, times = 1 }: { nth?: number; times?: number } = {}) {
    this.fault = fault;
    this.#log = log;
    this.#times = times;
    this.#toPass = nth - 1;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get armed(): boolean {
    return !this.#disarmed && this.landed.length + this.#underWay < this.#times;
  }

  /** An occasion has come. True when it is one to strike at; `land` or `miss` must follow. */
  take(): boolean {
    if (!this.armed) return false;
    if (this.#toPass > 0) {
      this.#toPass--;
      return false;
    }
    this.#underWay++;
    return true;
  }

  land(what: string, connection?: number): void {
    this.#underWay--;
    const proof = landedFault(this.fault, what, connection);
    this.landed.push(proof);
    this.#log.push(proof);
    if (this.landed.length === this.#times) this.#finish();
  }

  /** The strike that was taken came to nothing: another occasion may have it. */
  miss(): void {
    this.#underWay--;
  }

  disarm(): boolean {
    this.#disarmed = true;
    return this.landed.length < this.#times;
  }
}
