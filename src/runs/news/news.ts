// What changed for a tenant, told as little as lists need to draw themselves anew. Shapes, and where a reader stopped. Pure.
import { BreakwaterError } from '../../kernel/index.ts';
import type { Json } from '../../kernel/index.ts';
import { isSnapshot } from '../history-view/position.ts';

export interface NewsItem {
  /** `run.changed`, `breaker.changed`, `definition.published`, or the kind of an event: approval.opened, control.cancel. */
  readonly kind: string;
  readonly at: string;
  readonly runId?: string;
  readonly node?: string;
  /** What else is known, such as the run's workflow and status. */
  readonly [field: string]: Json | undefined;
}

/** What was committed since another look, as of one snapshot of the database. */
export interface NewsLook {
  /** Where to go on after it. */
  readonly position: NewsPosition;
  readonly items: readonly NewsItem[];
  /** More than anybody reads one by one: lists are to be read again. */
  readonly isTooMuch: boolean;
}

export interface NewsPosition {
  /** What was there in this snapshot is known. */
  readonly snapshot: string;
  /** When it was made, in milliseconds by the database's clock. */
  readonly atMs: number;
}

export function encodeNewsPosition({ snapshot, atMs }: NewsPosition): string {
  return `${atMs}~${snapshot}`;
}

export function decodeNewsPosition(text: string): NewsPosition {
  const [at = '', snapshot = '', ...rest] = text.split('~');
  if (!/^\d{1,15}$/.test(at) || !isSnapshot(snapshot) || rest.length > 0) {
    const message = 'The Last-Event-ID is not one that this stream gave; come again without it.';
    throw new BreakwaterError('BAD_REQUEST', message);
  }
  return { snapshot, atMs: Number(at) };
}
