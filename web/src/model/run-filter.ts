// Which runs are asked for: read from the page's address, and what the API is asked then. Pure.
import { RUN_STATUSES, type RunStatus } from '../api/shapes.ts';

export interface RunFilter {
  readonly q?: string;
  readonly status: readonly RunStatus[];
  readonly workflow?: string;
  readonly errorCode?: string;
  readonly node?: string;
  /** How far back, as one of SPANS. */
  readonly since?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** How far back one may look, in words and milliseconds. */
export const SPANS: Readonly<Record<string, { readonly words: string; readonly ms: number }>> = {
  '15m': { words: 'Last 15 minutes', ms: 15 * 60_000 },
  '1h': { words: 'Last hour', ms: 3_600_000 },
  '24h': { words: 'Last 24 hours', ms: 86_400_000 },
  '7d': { words: 'Last 7 days', ms: 7 * 86_400_000 },
};

const LABEL = 'label.';

export function filterIn(query: URLSearchParams): RunFilter {
  const asked = (query.get('status') ?? '').split(',');
  const since = query.get('since') ?? '';
  return {
    q: textIn(query, 'q'),
    status: RUN_STATUSES.filter((status) => asked.includes(status)),
    workflow: textIn(query, 'workflow'),
    errorCode: textIn(query, 'errorCode'),
    node: textIn(query, 'node'),
    since: since in SPANS ? since : undefined,
    labels: Object.fromEntries(
      [...query].flatMap(([name, value]) => (name.startsWith(LABEL) ? [[name.slice(LABEL.length), value]] : [])),
    ),
  };
}

function textIn(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name)?.trim() ?? '';
  return text === '' ? undefined : text;
}

/** The parameters of the API; what is relative is counted from this minute, so that the same list is asked for again. */
export function apiQuery({ since, status, labels, ...texts }: RunFilter, nowMs: number): Record<string, string> {
  const span = since === undefined ? undefined : SPANS[since];
  const query: Record<string, string> = {};
  const given = { ...texts, status: status.join(','), since: span && minute(nowMs - span.ms) };
  for (const [name, value] of Object.entries(given)) if (value !== undefined && value !== '') query[name] = value;
  for (const [name, value] of Object.entries(labels)) query[LABEL + name] = value;
  return query;
}

/** The same as the body of a request names it. */
export interface RunMatch {
  readonly q?: string;
  readonly status?: readonly RunStatus[];
  readonly workflow?: string;
  readonly errorCode?: string;
  readonly node?: string;
  readonly since?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function matchOf({ since, status, labels, ...texts }: RunFilter, nowMs: number): RunMatch {
  const span = since === undefined ? undefined : SPANS[since];
  return {
    ...texts,
    ...(status.length > 0 && { status }),
    ...(span && { since: minute(nowMs - span.ms) }),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

/** The start of the minute. */
export function minute(atMs: number): string {
  return new Date(Math.floor(atMs / 60_000) * 60_000).toISOString();
}

export function isFiltered(filter: RunFilter): boolean {
  return Object.keys(apiQuery(filter, 0)).length > 0;
}

/** `team=growth` as a label; undefined while it is none. */
export function labelIn(text: string): readonly [string, string] | undefined {
  const [, name, value] = /^\s*([^=\s][^=]*?)\s*=\s*(.+?)\s*$/.exec(text) ?? [];
  return name !== undefined && value !== undefined ? [name, value] : undefined;
}

/** The same statuses with this one in or out. */
export function toggled(status: readonly RunStatus[], one: RunStatus): RunStatus[] {
  return RUN_STATUSES.filter((each) => (each === one ? !status.includes(one) : status.includes(each)));
}
