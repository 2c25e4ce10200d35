// How the outcome of a call speaks for the service it went to. Pure.
import type { Outcome } from '../kernel/index.ts';
import type { Verdict } from '../resilience/index.ts';
import { codePrefix } from './http-failure.ts';

export interface Judged {
  readonly tool: string;
  readonly outcome: Outcome;
  /** We cut the attempt short ourselves. */
  readonly isCut: boolean;
}

/**
 * A service that breaks, does not answer or cannot be reached has failed. One that says no to our request works. One that asks
 * for fewer calls works too, and says itself when to come again. What never reached it says nothing.
 */
export function verdictOf({ tool, outcome, isCut }: Judged): Verdict {
  if (outcome.ok) return 'ok';
  const { kind, code } = outcome.error;
  switch (kind) {
    case 'theirs':
      return 'failed';
    case 'timeout':
      return isCut ? 'none' : 'failed';
    case 'ours':
      return code.startsWith(`${codePrefix(tool)}_`) ? 'ok' : 'none';
    case 'rate_limit':
    case 'cancelled':
    case 'refused':
      return 'none';
  }
}
