// `breakwater approvals …`: what people are asked, and their decisions, through the API.
import type { Command } from 'commander';
import type { Decision } from '../approvals/index.ts';
import { BreakwaterError } from '../kernel/index.ts';
import { approval, pageOf } from './answers.ts';
import type { ApprovalAnswer } from './answers.ts';
import { moreText, printJson, withJson, withPages, type Context, type PageOptions } from './command-context.ts';
import { readInput } from './input-file.ts';
import { table } from './table.ts';

interface ListOptions extends PageOptions {
  readonly status?: string;
  readonly mine?: boolean;
  readonly json?: boolean;
}

interface DecideOptions {
  readonly reason?: string;
  readonly edits?: string;
  readonly form?: string;
  readonly json?: boolean;
}

interface ReassignOptions extends Pick<DecideOptions, 'reason' | 'json'> {
  readonly to: string[];
}

export function addApprovals(program: Command, context: Context): void {
  const approvals = program.command('approvals').description('see what is asked and decide it');
  addList(approvals, context);
  addShow(approvals, context);
  addDecisions(approvals, context);
  addVerbs(approvals, context);
}

function addDecisions(approvals: Command, context: Context): void {
  withReason(approvals.command('approve').argument('<id>'))
    .description('approve')
    .option('--edits <file>', 'JSON: node id -> merge patch on its output')
    .option('--form <file>', 'JSON: the form filled in')
    .action(async (id: string, options: DecideOptions) => decide(context, id, 'approve', options));
  withReason(approvals.command('reject').argument('<id>'))
    .description('reject')
    .action(async (id: string, options: DecideOptions) => decide(context, id, 'reject', options));
  withReason(approvals.command('request-changes').argument('<id>'))
    .description('send the run back to do it again; --reason says what is to be changed')
    .action(async (id: string, options: DecideOptions) => decide(context, id, 'request_changes', options));
}

function addVerbs(approvals: Command, context: Context): void {
  withReason(approvals.command('withdraw').argument('<id>'))
    .description('take the question back: its node fails')
    .action(async (id: string, { reason, json }: DecideOptions) => {
      await ask(context, `${pathOf(id)}/withdraw`, { reason }, json);
    });
  withReason(approvals.command('reassign').argument('<id>'))
    .description('ask others instead')
    .requiredOption('--to <approver...>', 'role:<name> or user:<name>')
    .action(async (id: string, { to: approvers, reason, json }: ReassignOptions) => {
      await ask(context, `${pathOf(id)}/reassign`, { approvers, reason }, json);
    });
}

function addShow(approvals: Command, { io, api }: Context): void {
  withJson(approvals.command('show').argument('<id>'))
    .description('what is asked, of whom, and what was answered')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const client = await api();
      const shown = await known(async () => await client.get(pathOf(id), approval));
      if (json) return printJson(io, shown);
      const { title, status, runId, node, deadline, approvers, decisions } = shown;
      const open = status === 'pending' ? `pending until ${deadline}` : status;
      const facts = [
        ['asks', title],
        ['at', `${node} of ${runId}`],
        ['of', `${approvers.join(', ')}${shown.quorum > 1 ? ` (${shown.approvals} of ${shown.quorum} given)` : ''}`],
        ...decisions.map((made) => [made.decision, said(made)]),
      ];
      io.stdout(table([shown.id, open], facts, io.screen));
    });
}

function said({ by, at, reason }: ApprovalAnswer['decisions'][number]): string {
  return `by ${by ?? 'the deadline'} at ${at}${reason === null ? '' : `: ${reason}`}`;
}

function addList(approvals: Command, { io, api }: Context): void {
  withPages(withJson(approvals.command('list')))
    .description('list approvals, newest first')
    .option('--status <status>', 'pending, approved, rejected, expired or withdrawn')
    .option('--mine', 'only what you are asked')
    .action(async ({ json, mine, ...query }: ListOptions) => {
      const asked = { ...query, mine: mine ? 'true' : undefined };
      const page = await (await api()).get('/v1/approvals', pageOf(approval), asked);
      if (json) return printJson(io, page);
      const rows = page.items.map((item) => [item.id, item.status, item.deadline, item.runId, item.title]);
      io.stdout(table(['APPROVAL', 'STATUS', 'DEADLINE', 'RUN', 'TITLE'], rows, io.screen) + moreText(page));
    });
}

async function decide(context: Context, id: string, decision: Decision, options: DecideOptions): Promise<void> {
  const edits = options.edits === undefined ? undefined : await readInput(options.edits);
  const form = options.form === undefined ? undefined : await readInput(options.form);
  const body = { decision, reason: options.reason, edits, form };
  await ask(context, `${pathOf(id)}/decisions`, body, options.json);
}

async function ask({ io, api }: Context, path: string, body: object, json?: boolean): Promise<void> {
  const client = await api();
  const answer = await known(async () => await client.post(path, approval, { body }));
  if (json) return printJson(io, answer);
  const { id, status, approvals, quorum } = answer;
  const left = status === 'pending' && quorum > 1 ? `: ${approvals} of ${quorum} approvals given` : '';
  io.stdout(`${id} is ${status}${left}\n`);
}

// Whoever mistypes an id learns where it stands.
async function known<T>(asked: () => Promise<T>): Promise<T> {
  try {
    return await asked();
  } catch (error) {
    if (!(error instanceof BreakwaterError) || error.code !== 'NOT_FOUND') throw error;
    const message = `${error.message} "approvals list" shows which there are.`;
    throw new BreakwaterError('NOT_FOUND', message, { cause: error });
  }
}

function pathOf(id: string): string {
  return `/v1/approvals/${encodeURIComponent(id)}`;
}

function withReason(command: Command): Command {
  return withJson(command).option('--reason <text>', 'kept with the decision');
}
