// What travels over the wire between an adapter and its vendor, and what may befall it there.

/** A request as it travels, below the vendor's address. */
export interface WireRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON parsed; other bytes as a text of one character each; undefined when there is none. */
  readonly body: unknown;
}

/** What can befall a request. `late`, `truncate`, `malformed` and `reset_after_effect` come after the effect. */
export type Strike =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'answer'; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'late' | 'truncate' | 'malformed' | 'reset' | 'reset_after_effect' };

/** What is to happen to the request at one place, counted from where the plan begins. */
export interface Plan {
  readonly at: number;
  readonly alter?: (request: WireRequest) => WireRequest;
  readonly strike?: Strike;
}

export interface Exchange {
  readonly request: WireRequest;
  readonly faults: string[];
  /** Undefined when the request never got to the double. */
  status?: number;
}
