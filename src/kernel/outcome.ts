// What an activity ended as: the only value a saga may decide on (D1). Plain JSON, so a checkpoint holds it unchanged.
import type { Json } from './json.ts';

/**
 * Who must act on a failure.
 * `ours`: the request was wrong, repeating it cannot help. `theirs`: the service broke. `rate_limit`: too many calls.
 * `timeout`: no answer in time. `cancelled`: we aborted it. `refused`: a guard of ours (breaker, SSRF, caps) said no before anything was sent.
 */
export type FailureKind = 'ours' | 'theirs' | 'rate_limit' | 'timeout' | 'cancelled' | 'refused';

/** A failed act, as stored and shown. `code` is stable (`GITHUB_422`, `TIMEOUT`, `EXPRESSION`); branch on it, never on `message`. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly kind: FailureKind;
  /** May the same request succeed later? */
  readonly retryable: boolean;
  /** The effect may have happened although no answer says so; such an act is probed or undone. */
  readonly unknown: boolean;
  /** How long the service asked us to wait, in ms. */
  readonly retryAfterMs?: number;
}

/** The committed result of an activity. */
export type Outcome<T extends Json = Json> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Failure };

/** A failure with the usual defaults: not retryable, certainly without effect. */
export function failure(code: string, message: string, rest: Partial<Omit<Failure, 'code' | 'message'>> = {}): Failure {
  return { code, message, kind: 'ours', retryable: false, unknown: false, ...rest };
}

/** A failure on its way through code that throws, such as an adapter's helper functions; the tool invoker turns it into an outcome. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(value: Failure, options?: ErrorOptions) {
    super(value.message, options);
    this.name = 'FailureError';
    this.failure = value;
  }
}
