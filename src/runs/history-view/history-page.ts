// One page of a run's history, filtered by kind and node. Pure.
import { decodeCursor, pageLimit, pageOfRows } from '../../kernel/index.ts';
import type { Page, PageRequest } from '../../kernel/index.ts';
import { z } from 'zod';
import { compareIds, isFactId } from './fact.ts';
import type { Fact } from './fact.ts';

export interface HistoryFilter extends PageRequest {
  /** A kind, such as `activity.failed`, or all that begin so: `activity`. */
  readonly kind?: string;
  readonly node?: string;
}

const position = z.object({ id: z.string().refine(isFactId) });

/** A page is shorter where its facts hold much; one is always given. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** `facts` are in order. */
export function historyPage(facts: readonly Fact[], filter: HistoryFilter): Page<Fact> {
  const after = filter.cursor === undefined ? undefined : decodeCursor(filter.cursor, position).id;
  const rest = facts.filter((fact) => isAsked(fact, filter) && (after === undefined || compareIds(fact.id, after) > 0));
  const limit = pageLimit(filter.limit);
  const rows = rest.slice(0, limit + 1);
  return pageOfRows(rows, Math.min(limit, fitting(rows)), ({ id }) => ({ id }));
}

function isAsked(fact: Fact, { kind, node }: HistoryFilter): boolean {
  return (kind === undefined || isKind(fact.kind, kind)) && (node === undefined || fact.node === node);
}

function isKind(kind: string, asked: string): boolean {
  return kind === asked || kind.startsWith(`${asked}.`);
}

function fitting(facts: readonly Fact[]): number {
  let bytes = 0;
  const tooMany = facts.findIndex((fact, at) => {
    bytes += JSON.stringify(fact).length;
    return at > 0 && bytes > MAX_PAGE_BYTES;
  });
  return tooMany === -1 ? facts.length : tooMany;
}
