// `breakwater runs history`, `runs watch` and `runs failures`: what happened, what happens, and what fails.
import type { Command } from 'commander';
import { z } from 'zod';
import { pageOf, run } from './answers.ts';
import { moreText, printJson, withJson, withPages, type Context, type PageOptions } from './command-context.ts';
import { createFactLines, fact } from './fact-text.ts';
import { EXIT } from './failure.ts';
import { table } from './table.ts';
import { followFacts } from './follow-facts.ts';

const failureGroup = z.looseObject({
  count: z.number(),
  workflow: z.string(),
  node: z.string().optional(),
  code: z.string(),
  firstAt: z.string(),
  lastAt: z.string(),
  runs: z.array(z.string()),
  message: z.string(),
});

export function addHistory(runs: Command, { io, api }: Context): void {
  withJson(runs.command('history').argument('<id>'))
    .description('show what happened in a run, in order')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const items = await (await api()).all(`/v1/runs/${encodeURIComponent(id)}/history`, fact);
      if (json) return printJson(io, { items });
      const lineOf = createFactLines(io.screen);
      io.stdout(items.map((each) => `${lineOf(each)}\n`).join(''));
    });
}

/** Ends with 1 when the run does not succeed, as `run --watch` does. */
export function addWatch(runs: Command, context: Context): void {
  withJson(runs.command('watch').argument('<id>'))
    .description('show what happens in a run, from its start to its end; with --json a fact a line')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const { io } = context;
      const api = await context.api();
      const lineOf = createFactLines(io.screen);
      for await (const each of followFacts(api, id)) io.stdout(`${json ? JSON.stringify(each) : lineOf(each)}\n`);
      const { status } = await api.get(`/v1/runs/${encodeURIComponent(id)}`, run);
      if (status !== 'succeeded') context.exitCode = EXIT.failed;
    });
}

interface FailureOptions extends PageOptions {
  readonly workflow?: string;
  readonly since?: string;
  readonly json?: boolean;
}

export function addFailures(runs: Command, { io, api }: Context): void {
  withPages(withJson(runs.command('failures')))
    .description('list what fails, in groups: workflow, node and code; the largest first')
    .option('--workflow <name>', 'only this workflow')
    .option('--since <time>', 'since then, ISO 8601; default: a day ago')
    .action(async ({ json, ...query }: FailureOptions) => {
      const page = await (await api()).get('/v1/failures', pageOf(failureGroup), query);
      if (json) return printJson(io, page);
      if (page.items.length === 0) return io.stdout('Nothing failed.\n');
      const rows = page.items.map((each) => [
        String(each.count),
        each.workflow,
        each.node ?? '-',
        each.code,
        each.firstAt,
        each.lastAt,
        each.runs[0] ?? '-',
        each.message,
      ]);
      io.stdout(
        table(['RUNS', 'WORKFLOW', 'NODE', 'CODE', 'SINCE', 'LAST', 'NEWEST', 'MESSAGE'], rows, io.screen) +
          moreText(page),
      );
    });
}
