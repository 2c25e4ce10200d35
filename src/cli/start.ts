// `breakwater start`: runs the app until it is told to stop.
import type { Command } from 'commander';
import type { Context } from './command-context.ts';
import type { CliIo, RunningApp } from './io.ts';
import { leaveOnAnotherSignal, nextStopSignal } from './stop-signal.ts';

export function addStart(program: Command, { io, config }: Context): void {
  program
    .command('start')
    .description('start the app: API, executor and, without a database of your own, an embedded Postgres')
    .action(async () => {
      const stopAsked = nextStopSignal();
      const app = await io.startApp(config());
      greet(io, app);
      await stopAsked;
      io.stderr('Stopping: acts in flight finish, runs are handed over. Once more to leave at once.\n');
      leaveOnAnotherSignal();
      await app.stop();
    });
}

function greet(io: CliIo, app: RunningApp): void {
  io.stderr(`Breakwater listens on ${app.url}\n`);
  if (app.adminKeyCreated && app.adminKey !== undefined && io.isTerminal) {
    io.stderr(`Admin key, shown this once and kept in the data directory: ${app.adminKey}\n`);
  }
}
