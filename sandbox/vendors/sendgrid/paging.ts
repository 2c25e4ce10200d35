// SendGrid's pages: `page_size` and an opaque `page_token` in, the links to this page and the next out. Pure.
import type { VendorRequest } from '../../vendor.ts';

export interface Page<T> {
  readonly result: readonly T[];
  readonly _metadata: { readonly self: string; readonly next?: string; readonly count: number };
}

export function pageOf<T>(
  items: readonly T[],
  { path, query }: Pick<VendorRequest, 'path' | 'query'>,
  at: string,
): Page<T> {
  const size = Math.min(Math.max(Number(query.get('page_size') ?? 50) || 50, 1), 1_000);
  const start = Math.max(Number(query.get('page_token') ?? 0) || 0, 0);
  const link = (from: number) => `${at}${path}?page_size=${size}&page_token=${from}`;
  const next = start + size < items.length ? link(start + size) : undefined;
  return { result: items.slice(start, start + size), _metadata: { self: link(start), next, count: items.length } };
}
