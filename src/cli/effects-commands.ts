// `breakwater runs effects` and `runs leaks`: what runs changed outside, and what of it stands that should not.
import type { Command } from 'commander';
import { z } from 'zod';
import { pageOf } from './answers.ts';
import { moreText, printJson, withJson, withPages, type Context, type PageOptions } from './command-context.ts';
import { EXIT } from './failure.ts';
import type { Screen } from './screen.ts';
import { table } from './table.ts';

const effect = z.looseObject({
  node: z.string(),
  item: z.number().optional(),
  tool: z.string().optional(),
  action: z.string().optional(),
  externalId: z.string().optional(),
  state: z.string(),
  stands: z.boolean(),
  takenBackBy: z.string().optional(),
  probed: z.string().optional(),
  errorCode: z.string().optional(),
  undoErrorCode: z.string().optional(),
  startedAt: z.string().optional(),
});
type Effect = z.infer<typeof effect>;

const leak = effect.extend({ runId: z.string(), workflow: z.string(), runStatus: z.string(), why: z.string() });
type Leak = z.infer<typeof leak>;

interface LeakOptions extends PageOptions {
  readonly workflow?: string;
  readonly since?: string;
  readonly json?: boolean;
}

export function addEffects(runs: Command, { io, api }: Context): void {
  withJson(runs.command('effects').argument('<id>'))
    .description('show what a run changed outside, and whether it still stands')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const path = `/v1/runs/${encodeURIComponent(id)}/effects`;
      const items = await (await api()).all(path, effect);
      if (json) printJson(io, { items });
      else io.stdout(effectsText(items, io.screen));
    });
}

/** Ends with 1 when there is one, so that a script can ask. */
export function addLeaks(runs: Command, context: Context): void {
  withPages(withJson(runs.command('leaks')))
    .description('list effects that stand although their run was taken back')
    .option('--workflow <name>', 'only of this workflow')
    .option('--since <time>', 'only of runs that ended since, ISO 8601')
    .action(async ({ json, ...query }: LeakOptions) => {
      const page = await (await context.api()).get('/v1/leaks', pageOf(leak), query);
      if (page.items.length > 0) context.exitCode = EXIT.failed;
      if (json) printJson(context.io, page);
      else context.io.stdout(leaksText(page.items, context.io.screen) + moreText(page));
    });
}

function effectsText(effects: readonly Effect[], screen?: Screen): string {
  if (effects.length === 0) return 'It changed nothing outside.\n';
  const rows = effects.map((each) => [
    actName(each),
    callOf(each),
    each.externalId ?? '-',
    withNotes(each.state, [each.errorCode]),
    each.stands ? 'stands' : 'gone',
    undoOf(each),
    each.startedAt ?? '-',
  ]);
  const standing = effects.filter(({ stands }) => stands).length;
  const total = `${effects.length} ${effects.length === 1 ? 'effect' : 'effects'}, ${standing} may stand\n`;
  return `${table(['NODE', 'ACT', 'AT THE VENDOR', 'STATE', 'NOW', 'UNDO', 'STARTED'], rows, screen)}\n${total}`;
}

function leaksText(leaks: readonly Leak[], screen?: Screen): string {
  if (leaks.length === 0) return 'Nothing stands of what was taken back.\n';
  const rows = leaks.map((each) => [
    each.runId,
    each.runStatus,
    actName(each),
    callOf(each),
    each.externalId ?? '-',
    each.why,
  ]);
  return table(['RUN', 'ENDED', 'NODE', 'ACT', 'AT THE VENDOR', 'WHY'], rows, screen);
}

function actName({ node, item }: Effect): string {
  return item === undefined ? node : `${node}[${item}]`;
}

function callOf({ tool = '?', action = '?' }: Effect): string {
  return `${tool}.${action}`;
}

function undoOf({ takenBackBy = 'none', undoErrorCode, probed }: Effect): string {
  return withNotes(takenBackBy, [probed && `probe: ${probed}`, undoErrorCode && `failed: ${undoErrorCode}`]);
}

function withNotes(what: string, notes: readonly (string | undefined)[]): string {
  const told = notes.filter((note) => note !== undefined && note !== '').join(', ');
  return told === '' ? what : `${what} (${told})`;
}
