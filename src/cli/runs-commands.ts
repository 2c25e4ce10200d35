// `breakwater runs …`: look at runs, through the API.
import type { Command } from 'commander';
import { pageOf, run, type RunAnswer } from './answers.ts';
import { moreText, printJson, withJson, withPages, type Context, type PageOptions } from './command-context.ts';
import { addEffects, addLeaks } from './effects-commands.ts';
import { addFailures, addHistory, addWatch } from './history-commands.ts';
import { addRunControl } from './run-control-commands.ts';
import { table } from './table.ts';

interface ListOptions extends PageOptions {
  readonly workflow?: string;
  readonly status?: string;
  readonly q?: string;
  readonly errorCode?: string;
  readonly node?: string;
  readonly since?: string;
  readonly json?: boolean;
}

export function addRuns(program: Command, context: Context): Command {
  const runs = program.command('runs').description('look at runs and control them');
  addList(runs, context);
  addShow(runs, context);
  addRunControl(runs, context);
  addHistory(runs, context);
  addWatch(runs, context);
  addFailures(runs, context);
  addEffects(runs, context);
  addLeaks(runs, context);
  return runs;
}

function addList(runs: Command, { io, api }: Context): void {
  withPages(withJson(runs.command('list')))
    .description('list runs, newest first')
    .option('--workflow <name>', 'only this workflow')
    .option('--status <statuses>', 'only these statuses, separated by commas')
    .option('--q <text>', "part of an id, a workflow's name, an error or a label's value")
    .option('--error-code <code>', 'only with this error')
    .option('--node <node>', 'only what failed at this node, or in this module')
    .option('--since <time>', 'only since then, ISO 8601')
    .action(async ({ json, ...query }: ListOptions) => {
      const page = await (await api()).get('/v1/runs', pageOf(run), query);
      if (json) return printJson(io, page);
      const rows = page.items.map(rowOf);
      io.stdout(table(['RUN', 'WORKFLOW', 'STATUS', 'DONE', 'STARTED'], rows, io.screen) + moreText(page));
    });
}

function addShow(runs: Command, { io, api }: Context): void {
  withJson(runs.command('show').argument('<id>'))
    .description('show one run')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const found = await (await api()).get(`/v1/runs/${encodeURIComponent(id)}`, run);
      if (json) return printJson(io, found);
      io.stdout(runText(found));
    });
}

function rowOf({ id, workflow, version, status, progress, startedAt }: RunAnswer): string[] {
  return [id, `${workflow} ${version}`, status, `${progress}%`, startedAt];
}

function runText(found: RunAnswer): string {
  const { error } = found;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Run', found.id],
    ['Workflow', `${found.workflow} ${found.version}`],
    ['Status', found.cause === undefined ? found.status : `${found.status} (cause: ${found.cause})`],
    ['Progress', `${found.progress}%${found.phase === undefined ? '' : `, ${found.phase}`}`],
    ['Waiting', found.waiting],
    ['Error', error && `${error.code} ${error.node === undefined ? '' : `in ${error.node}: `}${error.message}`],
    ['Remedy', error?.remedy],
    ['Parent', found.parent && `${found.parent.runId} at ${found.parent.node}`],
    ['Children', found.children?.map(({ node, runId, status }) => `${node}: ${runId} ${status}`).join(', ')],
    ['Requester', found.requester],
    ['Sandboxed', found.sandboxed ? 'yes: tools without credentials talk to the sandbox' : undefined],
    ['Started', found.startedAt],
    ['Finished', found.finishedAt],
    ['Output', found.output === undefined ? undefined : JSON.stringify(found.output)],
  ];
  return facts
    .flatMap(([name, value]) => (value === undefined ? [] : [`${`${name}:`.padEnd(11)} ${value}\n`]))
    .join('');
}
