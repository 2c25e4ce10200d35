// `breakwater runs <verb>`: what operators do to runs, through the API; which run allows which verb, the API says.
import type { Command } from 'commander';
import { run } from './answers.ts';
import type { RunAnswer } from './answers.ts';
import { printJson, withJson } from './command-context.ts';
import type { Context } from './command-context.ts';

interface VerbOptions {
  readonly json?: boolean;
  readonly reason?: string;
  readonly compensate?: boolean;
}

export function addRunControl(runs: Command, context: Context): void {
  const cancel = verb(runs, 'cancel', 'cancel a run; what it did is taken back');
  cancel.option('--no-compensate', 'leave what it did as it is');
  perform(cancel, context, ({ compensate, reason }) => ({ compensate, reason }), asked('to stop'));
  perform(
    verb(runs, 'pause', 'pause a run: attempts in flight finish, nothing new starts'),
    context,
    reasonOf,
    asked('to pause'),
  );
  perform(verb(runs, 'resume', 'resume a run that is paused'), context, reasonOf, asked('to go on'));
  perform(
    verb(runs, 'release', 'let a stuck run go on, once its cause is fixed'),
    context,
    reasonOf,
    asked('to go on'),
  );
}

function verb(runs: Command, name: string, description: string): Command {
  return withJson(runs.command(name).argument('<id>'))
    .description(description)
    .option('--reason <text>', 'kept with the run');
}

function perform(
  command: Command,
  { io, api }: Context,
  bodyOf: (options: VerbOptions) => Record<string, unknown>,
  tell: (answer: RunAnswer) => string,
): void {
  command.action(async (id: string, options: VerbOptions) => {
    const path = `/v1/runs/${encodeURIComponent(id)}/${command.name()}`;
    const answer = await (await api()).post(path, run, { body: bodyOf(options) });
    if (options.json) return printJson(io, answer);
    io.stdout(tell(answer));
  });
}

function reasonOf({ reason }: VerbOptions): Record<string, unknown> {
  return { reason };
}

function asked(to: string): (answer: RunAnswer) => string {
  return ({ id, status }) => `${id} is asked ${to}; it is ${status}\n`;
}
