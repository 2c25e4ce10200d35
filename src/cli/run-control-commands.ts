// `breakwater runs <verb>`: what operators do to runs, through the API; which run allows which verb, the API says.
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Json } from '../kernel/index.ts';
import { NODE_DECISIONS } from '../runs/index.ts';
import { run } from './answers.ts';
import type { RunAnswer } from './answers.ts';
import { parseInput } from './input-file.ts';
import { printJson, withJson } from './command-context.ts';
import type { Context } from './command-context.ts';

interface VerbOptions {
  readonly json?: boolean;
  readonly reason?: string;
  readonly compensate?: boolean;
  readonly node?: string;
  readonly decision?: string;
  readonly value?: string;
  readonly with?: string;
  readonly input?: string;
  readonly key?: string;
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
  addReopening(runs, context);
}

function addReopening(runs: Command, context: Context): void {
  const decide = verb(runs, 'decide', 'decide the failed node of a held run, or a compensation that failed');
  decide
    .requiredOption('--node <node>', 'the node, such as module.activity')
    .addOption(new Option('--decision <decision>', 'what becomes of it').choices(NODE_DECISIONS).makeOptionMandatory())
    .option('--value <json>', 'of skip and done_by_hand: what the node came to')
    .option('--with <json>', 'of retry: changes to its arguments');
  perform(decide, context, decisionOf, asked('to go on as decided'));
  const compensate = verb(runs, 'compensate', 'take back what a run that is over did and left');
  perform(compensate, context, reasonOf, asked('to take back what it did'));
  const rewind = verb(runs, 'rewind', 'take back a node and all that was built on it, and go on from there');
  rewind.requiredOption('--node <node>', 'the node to begin with');
  perform(rewind, context, ({ node, reason }) => ({ node, reason }), asked('to go on from there'));
  const fork = verb(runs, 'fork', 'start a new run that goes on from a node of one that is over');
  fork
    .requiredOption('--node <node>', 'the node to begin with')
    .option('--input <json>', 'another input')
    .option('--key <key>', 'asked again with the same key, it is the same fork');
  perform(
    fork,
    context,
    ({ node, input, reason }) => ({ node, input: parsed('--input', input), reason }),
    ({ id, status }, from) => `${id} is a fork of ${from}; it is ${status}\n`,
  );
}

function decisionOf({ node, decision, value, with: patch, reason }: VerbOptions): Record<string, unknown> {
  return { node, decision, value: parsed('--value', value), with: parsed('--with', patch), reason };
}

function parsed(option: string, text: string | undefined): Json | undefined {
  return text === undefined ? undefined : parseInput(option, text);
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
  tell: (answer: RunAnswer, asked: string) => string,
): void {
  command.action(async (id: string, options: VerbOptions) => {
    const path = `/v1/runs/${encodeURIComponent(id)}/${command.name()}`;
    const answer = await (await api()).post(path, run, { body: bodyOf(options), idempotencyKey: options.key });
    if (options.json) return printJson(io, answer);
    io.stdout(tell(answer, id));
  });
}

function reasonOf({ reason }: VerbOptions): Record<string, unknown> {
  return { reason };
}

function asked(to: string): (answer: RunAnswer) => string {
  return ({ id, status }) => `${id} is asked ${to}; it is ${status}\n`;
}
