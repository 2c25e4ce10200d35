// `breakwater breakers …`: how services do, and an operator's word for one of them, through the API.
import type { Command } from 'commander';
import { breaker, type BreakerAnswer } from './answers.ts';
import { printJson, withJson, type Context } from './command-context.ts';
import { table } from './table.ts';

interface ForceOptions {
  readonly reason: string;
  readonly for?: string;
  readonly json?: boolean;
}

export function addBreakers(program: Command, context: Context): void {
  const breakers = program.command('breakers').description('see how services do, and force a breaker');
  addList(breakers, context);
  addForce(breakers, context, 'open', 'refuse every call of a service for a while');
  addForce(breakers, context, 'close', 'let every call of a service go for a while');
}

function addList(breakers: Command, { io, api }: Context): void {
  withJson(breakers.command('list'))
    .description('list the breakers of all services')
    .action(async ({ json }: { json?: boolean }) => {
      const items = await (await api()).all('/v1/breakers', breaker);
      if (json) return printJson(io, { items });
      io.stdout(table(['SERVICE', 'STATE', 'FAILURES', 'NEXT TRY', 'LAST CHANGE'], items.map(cellsOf), io.screen));
    });
}

function cellsOf({ service, state, failures, nextProbeAt, forced, transitions }: BreakerAnswer): string[] {
  const [last] = transitions;
  const why = forced
    ? `forced by ${forced.by} until ${forced.until}: ${forced.reason}`
    : last && `${last.at} ${last.why}`;
  return [service, state, String(failures), nextProbeAt ?? '-', why ?? '-'];
}

function addForce(breakers: Command, { io, api }: Context, verb: 'open' | 'close', description: string): void {
  withJson(breakers.command(verb).argument('<service>'))
    .description(description)
    .requiredOption('--reason <text>', 'kept in the audit')
    .option('--for <duration>', 'such as 30m; default 10m, at most 24h')
    .action(async (service: string, { reason, for: duration, json }: ForceOptions) => {
      const path = `/v1/breakers/${encodeURIComponent(service)}/${verb}`;
      const forced = await (await api()).post(path, breaker, { body: { reason, for: duration } });
      if (json) return printJson(io, forced);
      io.stdout(`${forced.service} is ${forced.state} until ${forced.forced?.until ?? 'further notice'}\n`);
    });
}
