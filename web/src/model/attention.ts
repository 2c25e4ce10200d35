// What waits for an operator, and what to do about it. Pure.
import type { Leak } from '../api/people-shapes.ts';
import type { Run } from '../api/shapes.ts';

export const WAITING_FOR_OPERATORS = ['held', 'stuck', 'compensation_failed'] as const;

/** What went wrong, and where; a run that is undone in part, by its first compensation that failed. */
export function troubleOf({ status, error, compensation, waiting }: Run): { where?: string; what: string } {
  const [failed] = compensation?.failures ?? [];
  if (status === 'compensation_failed' && failed) {
    return { where: failed.node, what: `${failed.error.code}: ${failed.error.message}` };
  }
  const standing = compensation?.standing ?? [];
  if (status === 'compensation_failed' && standing.length > 0) {
    return { where: standing.join(', '), what: 'It stands, and nothing takes it back.' };
  }
  return { where: error?.node, what: error ? `${error.code}: ${error.message}` : (waiting ?? 'It says nothing more.') };
}

export function remedyOf({ status, error, compensation }: Run): string {
  if (error?.remedy !== undefined && status === 'stuck') return error.remedy;
  if (status === 'stuck') return 'Fix the cause, then release the run; or cancel it.';
  if (status === 'held') return 'Decide what becomes of the node that failed; or cancel the run.';
  return (compensation?.failures.length ?? 0) > 0
    ? 'Decide each compensation that failed: try it again, or say that it was done by hand.'
    : 'Take it back by hand, then decide it as done by hand.';
}

/** What the effect is, in a line. */
export function leakText({ node, item, tool, action, externalId }: Leak): string {
  const where = item === undefined ? node : `${node}[${item}]`;
  const what = tool === undefined ? '' : ` by ${tool}.${action ?? ''}`;
  return `${where}${what}${externalId === undefined ? '' : `: ${externalId}`}`;
}
