// Approval links: whoever holds one sees the question; only sending the form decides, so that a mail scanner's visit does nothing.
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { loadApproval, readEditableOutputs, verifyLink, type Approval, type LinkClaims } from '../approvals/index.ts';
import { BreakwaterError, type Json, type Problem } from '../kernel/index.ts';
import type { Actor, DecisionRequest } from '../runs/index.ts';
import type { App, Services } from './app-context.ts';
import { PAGE_HEADERS, askPage, messagePage } from './approve-page.ts';
import { acceptForms } from './body.ts';
import { reportProblem } from './error-handler.ts';
import { editFields, editsFrom } from './edit-fields.ts';
import { formFields, formFrom } from './form-fields.ts';

const tags = ['approvals'];
const config = { access: 'public' } as const;
const params = z.object({ token: z.string().max(2_048) });
const page = { description: 'A page.', content: { 'text/html': { schema: z.string() } } };
const submission = z
  .record(z.string(), z.string())
  .and(z.object({ decision: z.enum(['approve', 'reject']), reason: z.string().max(4_000).optional() }));

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
      const settled = settledText(approval);
      if (settled !== undefined) return await sendPage(reply, 200, messagePage('plain', approval.title, settled));
      return await sendPage(reply, 200, await question(services, claims, approval, new Map(), []));
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
      const typed = new Map(Object.entries(request.body));
      const problems = await decide(services, claims, approval, typed, request.body);
      if (problems.length > 0)
        return await sendPage(reply, 422, await question(services, claims, approval, typed, problems));
      const done = request.body.decision === 'approve' ? 'Approved' : 'Rejected';
      return await sendPage(
        reply,
        200,
        messagePage('good', done, `“${approval.title}” is decided. You can close this page.`),
      );
    },
  );
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
  if (approval.status === 'expired')
    throw new BreakwaterError('GONE', 'The deadline has passed; nobody decided in time.');
  return approval;
}

/** The problems of a decision that can be mended on the page; whatever else stands in its way is thrown. */
async function decide(
  { runs, knexOf }: Services,
  claims: LinkClaims,
  approval: Approval,
  typed: ReadonlyMap<string, string>,
  { decision, reason }: z.output<typeof submission>,
): Promise<readonly Problem[]> {
  const request: DecisionRequest =
    decision === 'reject'
      ? { decision, reason: reason || undefined }
      : {
          decision,
          reason: reason || undefined,
          edits: someEdits(editsFrom(await readEditableOutputs(knexOf(claims.tenant), approval), typed)),
          form: formFrom(approval.form, typed),
        };
  try {
    await runs.decide(actorOf(claims), approval.id, request, 'link');
    return [];
  } catch (error) {
    if (error instanceof BreakwaterError && error.code === 'INVALID') return error.problems;
    throw error;
  }
}

function someEdits(edits: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> | undefined {
  return Object.keys(edits).length > 0 ? edits : undefined;
}

/** The link speaks for one user, or for one role when it was sent to a group. */
function actorOf({ tenant, approver }: LinkClaims): Actor {
  if (approver.startsWith('role:'))
    return { tenant, user: `holder of ${approver}`, roles: [approver.slice('role:'.length)] };
  return { tenant, user: approver.replace(/^user:/, ''), roles: [] };
}

async function question(
  { knexOf, clock }: Services,
  claims: LinkClaims,
  approval: Approval,
  typed: ReadonlyMap<string, string>,
  problems: readonly Problem[],
): Promise<string> {
  return askPage({
    approval,
    approver: claims.approver,
    nowMs: clock.now(),
    editFields: editFields(await readEditableOutputs(knexOf(claims.tenant), approval)),
    formFields: formFields(approval.form),
    typed,
    problems,
  });
}

function settledText({ status, decisions }: Approval): string | undefined {
  if (status === 'pending') return undefined;
  const by = decisions.at(-1)?.by;
  if (status === 'withdrawn') return 'It was withdrawn: its run no longer waits for an answer.';
  return `It was ${status}${by === undefined || by === null ? '' : ` by ${by}`}. There is nothing left to decide.`;
}

async function sendPage(reply: FastifyReply, status: number, text: string): Promise<FastifyReply> {
  return await reply.code(status).headers(PAGE_HEADERS).send(text);
}
