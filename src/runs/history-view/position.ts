// Where a reader of a live history stopped: the fact it had last, and the looks of which that fact was part. Pure.
//
// A fact may become known after facts of later times were told: an attempt that failed elsewhere, an event whose transaction took long. So
// a place in the order says nothing about what a reader has; what does are the snapshots in which the database was looked at.
import { BreakwaterError } from '../../kernel/index.ts';
import { isFactId } from './fact.ts';

export interface FeedPosition {
  /** The fact told last. */
  readonly after: string;
  /** Told before: all that was there in this snapshot. Absent: nothing. */
  readonly before?: string;
  /** Being told: what this snapshot had beside, in order up to `after`. Absent: whatever there is now. */
  readonly during?: string;
}

export function encodePosition({ after, before = '', during = '' }: FeedPosition): string {
  return `${after}~${before}~${during}`;
}

/** A fact's own id is a position too: all that comes after it in the order. */
export function decodePosition(text: string): FeedPosition {
  const [after = '', before = '', during = '', ...rest] = text.split('~');
  const isWhole = isFactId(after) && rest.length === 0 && (before === '' || during !== '');
  if (!isWhole || ![before, during].every((each) => each === '' || isSnapshot(each))) {
    throw new BreakwaterError(
      'BAD_REQUEST',
      'The Last-Event-ID is not one that this stream gave; come again without it.',
    );
  }
  return { after, ...(before !== '' && { before }), ...(during !== '' && { during }) };
}

const SNAPSHOT = /^(\d{1,18}):(\d{1,18}):((?:\d{1,18}(?:,\d{1,18})*)?)$/;

// As Postgres takes one: the oldest transaction under way, the next one to begin, and those between that are under way, in order.
export function isSnapshot(text: string): boolean {
  const [, oldest, next, between = ''] = SNAPSHOT.exec(text) ?? [];
  if (oldest === undefined || next === undefined) return false;
  const running = between === '' ? [] : between.split(',').map(BigInt);
  const [from, to] = [BigInt(oldest), BigInt(next)];
  const isInOrder = running.every((xid, at) => at === 0 || running[at - 1]! < xid);
  return from > 0n && from <= to && isInOrder && running.every((xid) => xid >= from && xid < to);
}
