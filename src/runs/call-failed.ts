// What a call of a saga throws when it failed: which call, and why the run turns round unless the code keeps the error.
import { FailureError, failure } from '../kernel/index.ts';
import type { TurnReason } from './advance.ts';

/** `failure` says what happened: branch on its `code`. A rejected approval has the code `REJECTED`. */
export class CallFailedError extends FailureError {
  /** The name of the call. */
  readonly call: string;
  readonly reason: TurnReason;

  constructor(call: string, reason: TurnReason) {
    super(reason.failure ?? failure('REJECTED', `"${call}" was not approved`, { kind: 'refused' }));
    this.name = 'CallFailedError';
    this.call = call;
    this.reason = reason;
  }
}
