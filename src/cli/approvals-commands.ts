// `breakwater approvals …`: what people are asked, and their decisions, through the API.
import type { Command } from 'commander';
import { approval, pageOf } from './answers.ts';
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

export function addApprovals(program: Command, context: Context): void {
  const approvals = program.command('approvals').description('see what is asked and decide it');
  addList(approvals, context);
  withReason(approvals.command('approve').argument('<id>'))
    .description('approve')
    .option('--edits <file>', 'JSON: node id -> merge patch on its output')
    .option('--form <file>', 'JSON: the form filled in')
    .action(async (id: string, options: DecideOptions) => decide(context, id, 'approve', options));
  withReason(approvals.command('reject').argument('<id>'))
    .description('reject')
    .action(async (id: string, options: DecideOptions) => decide(context, id, 'reject', options));
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
      io.stdout(table(['APPROVAL', 'STATUS', 'DEADLINE', 'RUN', 'TITLE'], rows) + moreText(page));
    });
}

async function decide(
  { io, api }: Context,
  id: string,
  decision: 'approve' | 'reject',
  options: DecideOptions,
): Promise<void> {
  const edits = options.edits === undefined ? undefined : await readInput(options.edits);
  const form = options.form === undefined ? undefined : await readInput(options.form);
  const body = { decision, reason: options.reason, edits, form };
  const decided = await (await api()).post(`/v1/approvals/${encodeURIComponent(id)}/decisions`, approval, { body });
  if (options.json) return printJson(io, decided);
  io.stdout(`${decided.id} is ${decided.status}\n`);
}

function withReason(command: Command): Command {
  return withJson(command).option('--reason <text>', 'kept with the decision');
}
