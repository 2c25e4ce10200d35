// `breakwater sandbox`: runs the vendors' doubles until it is told to stop. What they hold lives as long as this process.
import type { Command } from 'commander';
import type { Context } from './command-context.ts';
import { WrongUse } from './failure.ts';
import { nextStopSignal } from './stop-signal.ts';

const DEFAULT_PORT = '60001';

export function addSandbox(program: Command, { io }: Context): void {
  program
    .command('sandbox')
    .description("start doubles of the tools' vendors, to try everything without credentials")
    .option('--port <number>', '0 takes a free one', DEFAULT_PORT)
    .action(async ({ port }: { readonly port: string }) => {
      const stopAsked = nextStopSignal();
      const sandbox = await io.startSandbox(portOf(port));
      io.stdout(`Sandbox of ${sandbox.vendors.join(', ')} on ${sandbox.url}\n`);
      await stopAsked;
      await sandbox.close();
    });
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new WrongUse(`--port must be a whole number from 0 to 65535, not "${text}"`);
  return port;
}
