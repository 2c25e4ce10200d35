// The key of a notice: the same in every attempt, so that a channel tells a repeat from another notice. Pure.
import { sha256 } from '../kernel/index.ts';
import type { Notice } from './notice.ts';

/** 40 hex digits, like the keys of acts. */
export function noticeKey({ approvalId, ordinal }: Pick<Notice, 'approvalId' | 'ordinal'>): string {
  return sha256(['notice', approvalId, ordinal].join('\n')).slice(0, 40);
}
