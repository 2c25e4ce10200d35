// Sends one notice: looks first whether an earlier attempt has reached its channel, and makes the signed link at the last moment.
import type { Knex } from 'knex';
import { failure, isJsonObject, type Failure, type Json, type JsonObject, type Random } from '../kernel/index.ts';
import { probeAction, type Invocation, type Registry } from '../tools/index.ts';
import type { Approval } from './approval.ts';
import { findApproval, lockApproval } from './approval-store.ts';
import { signLink, type LinkKeys } from './link.ts';
import { afterFailure } from './notice-decision.ts';
import { noticeKey } from './notice-key.ts';
import { escalated } from './notice-schedule.ts';
import { addApprovers, appendNotices, endNotice, findReplaced } from './notice-store.ts';
import { mailOf, slackQuestion, slackSettled } from './notice-text.ts';
import type { Adds, Notice, NoticeEnd } from './notice.ts';

export interface DeliveryParts {
  readonly knex: Knex;
  readonly registry: Registry;
  readonly random: Random;
  readonly linkKeys: LinkKeys;
  /** What links begin with; undefined: nobody who follows one would get anywhere. */
  readonly linkBase: () => string | undefined;
  /** The executor that sends. */
  readonly holder: string;
}

/** Of one attempt, its look included. */
const ATTEMPT_TIMEOUT_MS = 20_000;
/** How soon a message is looked for again whose question is still on its way. */
const ON_ITS_WAY_MS = 1_000;

/** What becomes of the notice, for the caller to write. */
export async function deliverNotice(parts: DeliveryParts, notice: Notice): Promise<NoticeEnd> {
  if (notice.adds) return await escalate(parts, notice, notice.adds);
  const approval = await findApproval(parts.knex, notice.approvalId);
  if (!approval) return { state: 'dropped' };
  const made = await actOf(parts, notice, approval);
  if ('state' in made) return made;
  const call = invocationOf(notice, approval, made);
  if (!notice.suspect) return await send(parts, notice, call);
  return await sendUnlessThere(parts, notice, approval, call);
}

interface Act {
  readonly tool: string;
  readonly action: string;
  readonly args: JsonObject;
}

/** What is to be called, or why nothing is. */
async function actOf(parts: DeliveryParts, notice: Notice, approval: Approval): Promise<Act | NoticeEnd> {
  const { kind, tool, target } = notice;
  if (kind === 'settled') return await replacementOf(parts, notice, approval);
  // What may have been sent already is looked for, whatever has become of the question.
  if (approval.status !== 'pending' && !notice.suspect) return { state: 'dropped' };
  if (tool === 'slack') {
    const { text, blocks } = slackQuestion(approval, kind);
    return { tool, action: 'send_message', args: { channel: target, text, blocks } };
  }
  return mailAct(parts, notice, approval);
}

async function replacementOf({ knex }: DeliveryParts, notice: Notice, approval: Approval): Promise<Act | NoticeEnd> {
  const replaced = await findReplaced(knex, notice);
  if (replaced?.state === 'due' || replaced?.state === 'sending') {
    return { state: 'due', inMs: ON_ITS_WAY_MS, suspect: false, uncounted: true };
  }
  const [channel, ts] = replaced?.state === 'sent' ? (replaced.externalId?.split('/') ?? []) : [];
  if (channel === undefined || ts === undefined) return { state: 'dropped' };
  const { text, blocks } = slackSettled(approval);
  return { tool: 'slack', action: 'update_message', args: { channel, ts, text, blocks } };
}

function mailAct(parts: DeliveryParts, { kind, target, approver }: Notice, approval: Approval): Act | NoticeEnd {
  // Who is asked no more gets no link.
  if (approver === null || !approval.approvers.includes(approver)) return { state: 'dropped' };
  const base = parts.linkBase();
  if (base === undefined) return { state: 'failed', error: NO_ADDRESS };
  const { id: approvalId, tenant, runId, deadlineMs } = approval;
  const claims = { tenant, runId, approvalId, approver, expiresAt: new Date(deadlineMs) };
  const link = `${base}/approve/${signLink(claims, parts.linkKeys.current)}`;
  return { tool: 'sendgrid', action: 'send_mail', args: { to: target, ...mailOf(approval, kind, { approver, link }) } };
}

const NO_ADDRESS: Failure = failure(
  'NO_LINK_ADDRESS',
  'This process serves no links itself, and BREAKWATER_BASE_URL does not say where they lead: set it',
);

function invocationOf(notice: Notice, { tenant, runId }: Approval, act: Act): Omit<Invocation, 'suspect'> {
  return { ...act, tenant, runId, key: noticeKey(notice), timeoutMs: ATTEMPT_TIMEOUT_MS };
}

async function send(
  { registry, random }: DeliveryParts,
  notice: Notice,
  call: Omit<Invocation, 'suspect'>,
): Promise<NoticeEnd> {
  const outcome = await registry.invoke({ ...call, suspect: false });
  if (!outcome.ok) return afterFailure(notice, outcome.error, random);
  return { state: 'sent', externalId: externalIdOf(outcome.value) };
}

async function sendUnlessThere(
  parts: DeliveryParts,
  notice: Notice,
  approval: Approval,
  call: Omit<Invocation, 'suspect'>,
): Promise<NoticeEnd> {
  const probed = await probeAction(parts.registry, call);
  if (probed.found === 'effect') return { state: 'sent', externalId: externalIdOf(probed.value) };
  // A channel that will not be asked (SendGrid without its Email Activity) cannot be waited for: told twice is better than not told.
  const isMute = probed.found === 'failed' && probed.error.kind === 'ours';
  if (probed.found === 'failed' && !isMute) {
    return afterFailure(notice, { ...probed.error, retryable: true, unknown: true }, parts.random);
  }
  if (approval.status !== 'pending' && notice.kind !== 'settled') return { state: 'dropped' };
  return await send(parts, notice, call);
}

// A message at Slack is its channel and its time.
function externalIdOf(value: Json): string | undefined {
  if (!isJsonObject(value) || typeof value['channel'] !== 'string' || typeof value['ts'] !== 'string') return undefined;
  return `${value['channel']}/${value['ts']}`;
}

/** Whom the question asks, the history, who is told of it, and that all this is done are one transaction. */
async function escalate({ knex, holder }: DeliveryParts, notice: Notice, { to, notify }: Adds): Promise<NoticeEnd> {
  return await knex.transaction(async (trx) => {
    const locked = await lockApproval(trx, notice.approvalId);
    if (locked?.approval.status !== 'pending') return { state: 'dropped' };
    if (await endNotice(trx, notice, holder, { state: 'sent' })) {
      await addApprovers(trx, locked.approval, to);
      await appendNotices(trx, notice.approvalId, escalated(notify));
    }
    return { state: 'sent' };
  });
}
