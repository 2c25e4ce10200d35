// A line of the audit as people read it. Pure.
import type { Json } from '../api/shapes.ts';

type Data = Readonly<Record<string, Json>>;

export function reasonOf({ reason }: Data): string {
  return typeof reason === 'string' ? reason : '';
}

/** What is known beside the reason, and beside what the line says anyway. */
export function detailsOf({ reason: _reason, by: _by, at: _at, ...rest }: Data): string | undefined {
  const known = Object.entries(rest).filter(([, value]) => value !== null);
  return known.length === 0 ? undefined : JSON.stringify(Object.fromEntries(known), null, 2);
}

const PAGES: readonly (readonly [RegExp, string])[] = [
  [/^run_/, '/runs/'],
  [/^apr_/, '/approvals/'],
];

/** Where the subject of an action is shown. */
export function subjectPath(action: string, subject: string): string | undefined {
  const page = PAGES.find(([pattern]) => pattern.test(subject))?.[1];
  if (page !== undefined) return page + encodeURIComponent(subject);
  return action.startsWith('definition.') ? `/definitions/${encodeURIComponent(subject)}` : undefined;
}
