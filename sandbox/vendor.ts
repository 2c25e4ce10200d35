// What a vendor's double is: its HTTP API in memory, answering one request at a time. Knows nothing of sockets or faults.
import type { Clock, Json } from '../src/kernel/index.ts';
import type { VendorLedger } from './ledger.ts';

export interface VendorRequest {
  readonly method: string;
  /** Below the vendor's prefix, still percent-encoded, beginning with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; a repeated header is joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** JSON and forms parsed, other text as it came, undefined when nothing was sent. */
  readonly body: Json | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes out as JSON; a string and bytes as they are (say their type in `headers`). */
  readonly body?: unknown;
}

/** What a double may lean on. */
export interface Surroundings {
  readonly ledger: VendorLedger;
  readonly clock: Clock;
  /** Where the double lives, for links in its answers. */
  readonly baseUrl: string;
}

export interface Double {
  handle(request: VendorRequest): Answer;
  /** The vendor's own way of answering with this error status. */
  refuse(status: number, message?: string): Answer;
  /** What happens at the vendor by itself as time passes; called before the double or its ledger is looked at. */
  settle?(): void;
}

/** A vendor is one file: a name (the tool's) and a way to open a fresh double that holds only its fixtures. A reset opens another. */
export interface Vendor {
  readonly name: string;
  open(surroundings: Surroundings): Double;
}

/** Thrown by a double's inner functions to end the request with this answer; the router catches it. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with status ${answer.status}`);
    this.name = 'Refusal';
    this.answer = answer;
  }
}
