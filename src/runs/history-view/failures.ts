// Failures in groups, as people ask for them: what fails where, how often, since when. Pure.
import { pageOfNamed } from '../../kernel/index.ts';
import type { Page, PageRequest } from '../../kernel/index.ts';
import type { FailureRow } from './failures-store.ts';
import { hideInText } from './hidden.ts';

export interface FailureGroup {
  readonly count: number;
  readonly workflow: string;
  /** Absent where the run failed as a whole. */
  readonly node?: string;
  readonly code: string;
  readonly firstAt: string;
  readonly lastAt: string;
  /** The newest. */
  readonly runs: readonly string[];
  /** Of the newest. */
  readonly message: string;
  /** In words. */
  readonly summary: string;
}

/** The largest group first. */
export function failurePage(rows: readonly FailureRow[], page: PageRequest): Page<FailureGroup> {
  return pageOfNamed(rows.map(groupOf), page, placeOf);
}

// Counts have fewer digits than this.
const MOST = 10 ** 12;

function placeOf({ count, workflow, node = '', code }: FailureGroup): string {
  return `${MOST - count} ${workflow} ${node} ${code}`;
}

function groupOf(row: FailureRow): FailureGroup {
  const { count, workflow, node, code, first_at: firstAt, last_at: lastAt, runs, message } = row;
  return {
    count,
    workflow,
    ...(node !== null && { node }),
    code,
    firstAt: firstAt.toISOString(),
    lastAt: lastAt.toISOString(),
    runs,
    message: hideInText(message),
    summary: summaryOf(row),
  };
}

function summaryOf({ count, workflow, node, code, first_at: firstAt }: FailureRow): string {
  const runs = count === 1 ? 'run' : 'runs';
  const where = node === null ? '' : ` at ${node}`;
  return `${count} ${runs} of ${workflow} failed${where} with ${code} since ${minuteOf(firstAt)}`;
}

function minuteOf(at: Date): string {
  return `${at.toISOString().slice(0, 16)}Z`;
}
