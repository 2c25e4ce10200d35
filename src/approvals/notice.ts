// What people are told of an approval, where and when. Shapes only.
import type { Failure } from '../kernel/index.ts';

export const NOTICE_KINDS = ['asked', 'reminder', 'escalation', 'settled'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
export const NOTICE_TOOLS = ['slack', 'sendgrid'] as const;
export type NoticeTool = (typeof NOTICE_TOOLS)[number];

/** Where people are told. */
export interface Channel {
  readonly tool: NoticeTool;
  /** A channel at Slack, or a mail address. */
  readonly to: string;
  /** Whom the link in a mail speaks for; at Slack nobody, as who clicks answers for themselves. */
  readonly as?: string;
  /** Why nobody can be told there. It is told as a failed notice, and holds nothing up. */
  readonly problem?: string;
}

/** Who is told of one approval, with everything that the run had to fill in. */
export interface Telling {
  readonly notify: readonly Channel[];
  /** From the question on. */
  readonly remindAtMs: readonly number[];
  readonly escalate: readonly Escalation[];
}

export interface Escalation {
  readonly afterMs: number;
  /** Who may decide from then on too. */
  readonly to: readonly string[];
  readonly notify: readonly Channel[];
  readonly problem?: string;
}

/** Whom an escalation asks, and where they are told. */
export type Adds = Pick<Escalation, 'to' | 'notify'>;

/** A notice to come. */
export interface NewNotice {
  readonly kind: Exclude<NoticeKind, 'settled'>;
  /** After the question. */
  readonly afterMs: number;
  /** Absent: it asks more people, as `adds` says. */
  readonly channel?: Channel;
  readonly adds?: Adds;
  readonly problem?: string;
}

/** One that this process has taken to send. */
export interface Notice {
  readonly approvalId: string;
  readonly ordinal: number;
  readonly kind: NoticeKind;
  readonly tool: NoticeTool | null;
  readonly target: string | null;
  readonly approver: string | null;
  readonly adds: Adds | null;
  readonly replaces: number | null;
  /** The one under way, from 1. */
  readonly attempt: number;
  readonly elapsedMs: number;
  /** An earlier attempt may have reached its channel. */
  readonly suspect: boolean;
}

/** What becomes of a notice after an attempt. */
export type NoticeEnd =
  | { readonly state: 'sent'; readonly externalId?: string }
  | { readonly state: 'dropped' }
  | { readonly state: 'failed'; readonly error: Failure }
  | {
      readonly state: 'due';
      readonly inMs: number;
      readonly suspect: boolean;
      /** It was no attempt: nothing was asked of the channel. */
      readonly uncounted?: boolean;
      readonly error?: Failure;
    };
