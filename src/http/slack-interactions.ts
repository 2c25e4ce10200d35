// Clicks on the buttons of our messages at Slack: Slack's signature opens the route, and who clicked must be asked by name.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { loadApproval, settledText, signLink, slackUser } from '../approvals/index.ts';
import { BreakwaterError, sha256 } from '../kernel/index.ts';
import type { Actor } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { problemResponse } from './problem.ts';
import { clickIn, type SlackClick } from './slack-click.ts';
import { isFromSlack } from './slack-signature.ts';

/** What tells the one who clicked how it went. */
const TELL_TIMEOUT_MS = 10_000;

export function slackInteractionRoutes(app: App, services: Services): void {
  const telling = new Set<Promise<void>>();
  app.addHook('onClose', async () => void (await Promise.allSettled(telling)));
  acceptUnparsed(app);
  app.post(
    '/v1/slack/interactions',
    {
      config: { access: 'public' },
      schema: {
        summary: "A click on a button at Slack; the signature is Slack's",
        tags: ['approvals'],
        security: [],
        consumes: ['application/x-www-form-urlencoded'],
        body: z.string().describe('As Slack sends it: payload=<JSON>'),
        response: { 200: z.string().describe('Empty: taken'), ...problemResponse },
      },
    },
    async (request, reply) => {
      refuseStrangers(services, request, request.body);
      const click = clickIn(request.body);
      const said = click && (await answer(services, click));
      if (click && said !== undefined) {
        const told: Promise<void> = tell(services, click, said).finally(() => telling.delete(told));
        telling.add(told);
      }
      return await reply.type('text/plain; charset=utf-8').send('');
    },
  );
}

// The signature is over the body as it came.
function acceptUnparsed(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => text,
  );
}

function refuseStrangers({ slackSigningSecret: secret, clock }: Services, request: FastifyRequest, body: string): void {
  if (secret === undefined)
    throw new BreakwaterError('NOT_FOUND', 'Slack is not listened to: set SLACK_SIGNING_SECRET.');
  const timestamp = headerOf(request, 'x-slack-request-timestamp');
  const signature = headerOf(request, 'x-slack-signature');
  if (isFromSlack({ timestamp, signature, body }, secret, clock.now())) return;
  throw new BreakwaterError('UNAUTHENTICATED', 'This is not signed by Slack, or was signed too long ago.');
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** What to say to who clicked; undefined when the message itself will show it. Slack is answered the same whatever happens. */
async function answer(services: Services, click: SlackClick): Promise<string | undefined> {
  try {
    switch (click.button) {
      case 'breakwater_approve':
        return await decide(services, click, 'approve');
      case 'breakwater_reject':
        return await decide(services, click, 'reject');
      case 'breakwater_open':
        return await offerLink(services, click);
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof BreakwaterError) || error.status >= 500) throw error;
    return [error.message, ...error.problems.map(({ message }) => message)].join(' ');
  }
}

/** Slack vouches for the member's id and for nothing else: no role, no name of ours. */
function actorOf({ tenant, member }: SlackClick): Actor {
  return { tenant, user: slackUser(member), roles: [] };
}

async function decide(
  { runs, knexOf }: Services,
  click: SlackClick,
  decision: 'approve' | 'reject',
): Promise<string | undefined> {
  await runs.decide(actorOf(click), click.approvalId, { decision }, 'slack');
  const { status, approvals, quorum } = await loadApproval(knexOf(click.tenant), click.tenant, click.approvalId);
  return status === 'pending' ? `Your approval counts: ${approvals} of ${quorum}.` : undefined;
}

/** A link of their own, which nobody else in the channel sees. */
async function offerLink({ knexOf, linkKeys, linkBase }: Services, click: SlackClick): Promise<string> {
  const { tenant, approvalId } = click;
  const approver = `user:${actorOf(click).user}`;
  const approval = await loadApproval(knexOf(tenant), tenant, approvalId);
  if (!approval.approvers.includes(approver)) {
    throw new BreakwaterError('FORBIDDEN', `This approval asks ${approval.approvers.join(', ')}; you are ${approver}.`);
  }
  if (approval.status !== 'pending') return `${settledText(approval)}.`;
  const base = linkBase();
  if (base === undefined)
    throw new BreakwaterError('CONFLICT', 'No address for links is known: set BREAKWATER_BASE_URL.');
  const claims = { tenant, runId: approval.runId, approvalId, approver, expiresAt: new Date(approval.deadlineMs) };
  return `Read and answer, as nobody but you: ${base}/approve/${signLink(claims, linkKeys.current)}`;
}

// Slack waits three seconds for its answer, so this comes after it; at our own address of Slack's API, never at one that came along.
async function tell({ registry, emit }: Services, click: SlackClick, text: string): Promise<void> {
  const { tenant, approvalId, channel, member } = click;
  const outcome = await registry.invoke({
    tool: 'slack',
    action: 'send_ephemeral',
    args: {
      channel,
      user: member,
      text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    },
    key: sha256(['click', approvalId, member, text].join('\n')).slice(0, 40),
    suspect: false,
    timeoutMs: TELL_TIMEOUT_MS,
    tenant,
    runId: approvalId,
  });
  if (outcome.ok) return;
  emit({ level: 'warn', name: 'http.slack_untold', fields: { approval: approvalId, error: outcome.error.code } });
}
