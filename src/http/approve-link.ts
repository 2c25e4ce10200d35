// Approval links: whoever holds one sees the question; only sending the form decides, so that a mail scanner's visit does nothing.
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { loadApproval, readEditableOutputs, settledText, verifyLink } from '../approvals/index.ts';
import type { Approval, LinkClaims } from '../approvals/index.ts';
import { BreakwaterError, type Json, type JsonObject, type Problem } from '../kernel/index.ts';
import type { Actor, DecisionRequest } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { changesPage, reviewOf, stateOf } from './approve-changes.ts';
import { PAGE_HEADERS, askPage, messagePage } from './approve-page.ts';
import type { AskPage } from './approve-page.ts';
import { acceptForms } from './body.ts';
import { reportProblem } from './error-handler.ts';
import { editFields, editsFrom } from './edit-fields.ts';
import { formFields, formFrom } from './form-fields.ts';

const tags = ['approvals'];
const config = { access: 'public' } as const;
const params = z.object({ token: z.string().max(2_048) });
const page = { description: 'A page.', content: { 'text/html': { schema: z.string() } } };
const submission = z.record(z.string(), z.string()).and(
  z.object({
    decision: z.enum(['approve', 'reject', 'request_changes', 'review', 'edit']),
    reason: z.string().max(4_000).optional(),
  }),
);
type Submission = z.output<typeof submission>;
type Decided = Extract<Submission['decision'], 'approve' | 'reject' | 'request_changes'>;

export function approveLinkRoutes(app: App, services: Services): void {
  acceptForms(app);
  app.setErrorHandler(async (error, request, reply) => {
    const { status, title, detail } = reportProblem(error, request, services.emit);
    return await sendPage(reply, status, messagePage('bad', title, detail));
  });
  app.get(
    '/approve/:token',
    {
      config,
      schema: {
        summary: 'The question behind an approval link',
        tags,
        security: [],
        params,
        response: { 200: page, '4xx': page, '5xx': page },
      },
    },
    async (request, reply) => {
      const claims = openLink(services, request.params.token);
      const approval = await loadLinked(services, claims);
      if (approval.status !== 'pending') return await sendPage(reply, 200, settledPage(approval));
      return await sendPage(reply, 200, askPage(await pageOf(services, claims, approval, new Map())));
    },
  );
  app.post(
    '/approve/:token',
    {
      config,
      schema: {
        summary: 'Decide by an approval link',
        tags,
        security: [],
        consumes: ['application/x-www-form-urlencoded'],
        params,
        body: submission,
        response: { 200: page, '4xx': page, '5xx': page },
      },
    },
    async (request, reply) => {
      const claims = openLink(services, request.params.token);
      const approval = await loadLinked(services, claims);
      const shown = await pageOf(services, claims, approval, new Map(Object.entries(request.body)));
      const { status, text } = await respond(services, claims, shown, request.body);
      return await sendPage(reply, status, text);
    },
  );
}

interface Response {
  readonly status: number;
  readonly text: string;
}

// What is approved with changes from our page was shown as changes first; who sends the form by themselves has seen what they send.
async function respond(services: Services, claims: LinkClaims, shown: LinkPage, body: Submission): Promise<Response> {
  const { decision } = body;
  if (decision === 'edit') return { status: 200, text: askPage(shown) };
  const isChanged = Object.keys(shown.edits).length > 0 && shown.approval.status === 'pending';
  if (decision === 'review' && !isChanged) return { status: 200, text: askPage({ ...shown, problems: [UNCHANGED] }) };
  const isUnseen = body['seen'] !== undefined && body['reviewed'] !== reviewOf(shown.outputs, shown.edits);
  if (decision === 'review' || (decision === 'approve' && isChanged && isUnseen)) {
    return { status: 200, text: changesPage(shown) };
  }
  const problems = await decide(services, claims, shown, decision, body.reason);
  if (problems.length > 0) return { status: 422, text: askPage({ ...shown, problems }) };
  return { status: 200, text: await decidedPage(services, claims, decision) };
}

const UNCHANGED: Problem = { path: '', message: 'Nothing was changed.' };

const DONE: Readonly<Record<Decided, string>> = {
  approve: 'Approved',
  reject: 'Rejected',
  request_changes: 'Changes requested',
};

async function decidedPage(services: Services, claims: LinkClaims, decision: Decided): Promise<string> {
  const { status, title, approvals, quorum } = await loadLinked(services, claims);
  if (status === 'pending') {
    return messagePage(
      'good',
      'Counted',
      `“${title}” has ${approvals} of ${quorum} approvals. You can close this page.`,
    );
  }
  return messagePage('good', DONE[decision], `“${title}” is decided. You can close this page.`);
}

function settledPage(approval: Approval): string {
  return messagePage('plain', approval.title, `${settledText(approval)}. There is nothing left to decide.`);
}

/** Throws FORBIDDEN for a link that is not ours and GONE for one past its time. */
function openLink({ linkKeys, clock }: Services, token: string): LinkClaims {
  const verdict = verifyLink(token, linkKeys, clock.now());
  if (verdict.valid) return verdict.claims;
  if (verdict.reason === 'expired')
    throw new BreakwaterError('GONE', 'This link has expired, and so has its approval.');
  throw new BreakwaterError('FORBIDDEN', 'This link is not valid. Check that it was copied whole.');
}

async function loadLinked({ knexOf }: Services, claims: LinkClaims): Promise<Approval> {
  const approval = await loadApproval(knexOf(claims.tenant), claims.tenant, claims.approvalId);
  if (approval.runId !== claims.runId) throw new BreakwaterError('FORBIDDEN', 'This link is not valid.');
  if (!approval.approvers.includes(nameOf(claims))) {
    throw new BreakwaterError('FORBIDDEN', `This approval does not ask ${nameOf(claims)}, or does so no more.`);
  }
  if (approval.status === 'expired')
    throw new BreakwaterError('GONE', 'The deadline has passed; nobody decided in time.');
  return approval;
}

function nameOf({ approver }: LinkClaims): string {
  return /^(?:role|user):/.test(approver) ? approver : `user:${approver}`;
}

/** The page, and what the decision would be about. */
interface LinkPage extends AskPage {
  readonly outputs: ReadonlyMap<string, Json>;
  readonly edits: JsonObject;
}

async function pageOf(
  { knexOf, clock }: Services,
  claims: LinkClaims,
  approval: Approval,
  typed: ReadonlyMap<string, string>,
): Promise<LinkPage> {
  const outputs = await readEditableOutputs(knexOf(claims.tenant), approval);
  const seen = stateOf(outputs);
  const wasChanged = typed.has('seen') && typed.get('seen') !== seen;
  return {
    approval,
    approver: claims.approver,
    nowMs: clock.now(),
    outputs,
    edits: editsFrom(outputs, typed),
    editFields: editFields(outputs),
    formFields: formFields(approval.form),
    typed,
    seen,
    problems: wasChanged ? [CHANGED_MEANWHILE] : [],
  };
}

const CHANGED_MEANWHILE: Problem = {
  path: '',
  message: 'Somebody else edited the content meanwhile: what you see is compared with what it is now.',
};

/** The problems of a decision that can be mended on the page; whatever else stands in its way is thrown. */
async function decide(
  { runs }: Services,
  claims: LinkClaims,
  { approval, edits, typed }: LinkPage,
  decision: Decided,
  reason: string | undefined,
): Promise<readonly Problem[]> {
  const approved = { edits: someEdits(edits), form: formFrom(approval.form, typed) };
  const request: DecisionRequest = {
    decision,
    reason: reason || undefined,
    ...(decision === 'approve' && approved),
  };
  try {
    await runs.decide(actorOf(claims), approval.id, request, 'link');
    return [];
  } catch (error) {
    if (error instanceof BreakwaterError && error.code === 'INVALID') return error.problems;
    throw error;
  }
}

function someEdits(edits: JsonObject): JsonObject | undefined {
  return Object.keys(edits).length > 0 ? edits : undefined;
}

/** The link speaks for one user, or for one role when it was sent to a group. */
function actorOf({ tenant, approver }: LinkClaims): Actor {
  if (approver.startsWith('role:'))
    return { tenant, user: `holder of ${approver}`, roles: [approver.slice('role:'.length)], isUnnamed: true };
  return { tenant, user: approver.replace(/^user:/, ''), roles: [] };
}

async function sendPage(reply: FastifyReply, status: number, text: string): Promise<FastifyReply> {
  return await reply.code(status).headers(PAGE_HEADERS).send(text);
}
