// What people read: a message with buttons for Slack, a mail with a link. Pure.
import { escapeHtml, type JsonObject } from '../kernel/index.ts';
import type { Approval } from './approval.ts';
import type { NoticeKind } from './notice.ts';

/** The buttons of a message at Slack, by the id under which a click comes back. */
const SLACK_BUTTONS = {
  breakwater_approve: 'Approve',
  breakwater_reject: 'Reject',
  breakwater_open: 'Open',
} as const;
type SlackButton = keyof typeof SLACK_BUTTONS;

/** Content for a message at Slack: `text` is what notifications show, in mrkdwn. */
export interface SlackContent {
  readonly text: string;
  readonly blocks: readonly JsonObject[];
}

const MAX_HEADER = 150;
const MAX_SECTION = 3_000;

/** The open question. Who may answer is seen when somebody clicks: the buttons carry which question it is, and no right. */
export function slackQuestion(approval: Approval, kind: NoticeKind): SlackContent {
  const { title, body, requester, deadlineMs, approvers } = approval;
  const asked = `Asked by ${requester} of ${approvers.join(', ')}. Decide until ${inUtc(deadlineMs)}; ${ifNobody(approval)}`;
  return {
    text: mrkdwn(`${LEADS[kind]}: ${title}`),
    blocks: [
      header(title),
      ...(body === null ? [] : [section(body)]),
      context(kind === 'asked' ? asked : `${LEADS[kind]}. ${asked}`),
      { type: 'actions', elements: buttonsFor(approval) },
    ],
  };
}

/** What takes the question's place once it is settled: nothing is left to click. */
export function slackSettled(approval: Approval): SlackContent {
  const said = settledText(approval);
  const reason = approval.withdrawal?.reason ?? approval.decisions.at(-1)?.reason;
  return {
    text: mrkdwn(`${said}: ${approval.title}`),
    blocks: [header(approval.title), section(said), ...(reason ? [context(`“${reason}”`)] : [])],
  };
}

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export function mailOf(approval: Approval, kind: NoticeKind, answer: { approver: string; link: string }): Mail {
  const { title, body, requester, deadlineMs } = approval;
  const facts = `Asked by ${requester}. Decide until ${inUtc(deadlineMs)}; ${ifNobody(approval)}`;
  const care = `The link answers as ${answer.approver}: whoever has it can decide. Do not pass it on.`;
  return {
    subject: `${LEADS[kind]}: ${oneLine(title)}`.slice(0, MAX_SUBJECT),
    text: [title, body, facts, `Read and answer: ${answer.link}`, care].filter((part) => part !== null).join('\n\n'),
    html: mailHtml({ title, body, facts, care, link: answer.link }),
  };
}

const MAX_SUBJECT = 200;

const LEADS: Readonly<Record<NoticeKind, string>> = {
  asked: 'Approval requested',
  reminder: 'Still waiting for an answer',
  escalation: 'Nobody has answered yet',
  settled: 'Decided',
};

// Inline styles: most mail programs drop everything else.
function mailHtml(parts: { title: string; body: string | null; facts: string; care: string; link: string }): string {
  const { title, body, facts, care, link } = parts;
  const font = 'font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif;line-height:1.5;color:#16202b';
  const button =
    'display:inline-block;padding:12px 24px;border-radius:6px;background:#12724a;color:#ffffff;text-decoration:none';
  return [
    `<div style="${font};max-width:40em">`,
    `<h1 style="font-size:20px;margin:0 0 12px">${escapeHtml(title)}</h1>`,
    ...(body === null ? [] : [`<p style="white-space:pre-wrap;margin:0 0 16px">${escapeHtml(body)}</p>`]),
    `<p style="margin:0 0 20px">${escapeHtml(facts)}</p>`,
    `<p style="margin:0 0 20px"><a href="${escapeHtml(link)}" style="${button}">Read and answer</a></p>`,
    `<p style="font-size:13px;color:#5a6775;margin:0">${escapeHtml(care)}</p>`,
    '</div>',
  ].join('\n');
}

function buttonsFor({ id, tenant, form, editable }: Approval): readonly JsonObject[] {
  const value = JSON.stringify({ tenant, approval: id });
  const button = (action: SlackButton, style?: string): JsonObject => ({
    type: 'button',
    action_id: action,
    text: plain(SLACK_BUTTONS[action]),
    value,
    ...(style !== undefined && { style }),
  });
  return [
    // What has to be filled in has no place in a button.
    ...(form === null ? [button('breakwater_approve', 'primary')] : []),
    ...(form !== null || editable.length > 0 ? [button('breakwater_open')] : []),
    button('breakwater_reject', 'danger'),
  ];
}

/** How it ended, in a sentence without its full stop. */
export function settledText({ status, decisions, withdrawal }: Settled): string {
  const last = decisions.at(-1);
  const by = last?.by ?? undefined;
  if (last?.decision === 'request_changes') return `Changes requested by ${by}`;
  if (status === 'withdrawn' && withdrawal) return `Withdrawn by ${withdrawal.by}`;
  if (status === 'withdrawn') return 'Withdrawn: its run no longer waits for an answer';
  if (status === 'expired') return 'Expired: nobody decided in time';
  const word = `${status[0]?.toUpperCase()}${status.slice(1)}`;
  return by === undefined ? `${word}, as nobody decided in time` : `${word} by ${by}`;
}

type Settled = Pick<Approval, 'status' | 'decisions' | 'withdrawal'>;

const IF_NOBODY = {
  approve: 'if nobody does, it is approved.',
  reject: 'if nobody does, it is rejected.',
  ask: 'if nobody does, an operator decides.',
} as const;

function ifNobody({ onTimeout }: Approval): string {
  return IF_NOBODY[onTimeout];
}

const header = (title: string): JsonObject => ({ type: 'header', text: plain(cut(oneLine(title), MAX_HEADER)) });
const section = (text: string): JsonObject => ({ type: 'section', text: plain(cut(text, MAX_SECTION)) });
const context = (text: string): JsonObject => ({ type: 'context', elements: [plain(cut(text, MAX_SECTION))] });

// Plain text at Slack means what it says: no mention, link or emoji in it is one.
function plain(text: string): JsonObject {
  return { type: 'plain_text', text, emoji: false };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function mrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

// Never half a character outside the basic plane.
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function inUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
