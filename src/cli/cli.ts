// The `breakwater` command: the verbs of the API for a terminal. Exit codes: 0 ok, 1 the thing failed, 2 wrong use.
import { Command, CommanderError } from 'commander';
import { addApprovals } from './approvals-commands.ts';
import { addBreakers } from './breakers-commands.ts';
import { createContext, type Context } from './command-context.ts';
import { addCompletion } from './completion-command.ts';
import { addDefinitionCommands } from './definition-commands.ts';
import { addCrashTest } from './crash-test-command.ts';
import { addDoctor } from './doctor-command.ts';
import { EXIT, errorText, exitCodeOf, type ExitCode } from './failure.ts';
import type { CliIo } from './io.ts';
import { addKeys } from './keys-commands.ts';
import { addMigrate } from './migrate-command.ts';
import { addRun } from './run-command.ts';
import { addRuns } from './runs-commands.ts';
import { addSandbox } from './sandbox-command.ts';
import { addStart } from './start.ts';

/** Runs one command line, without the program's name, and says how it ended. Never throws. */
export async function runCli(args: readonly string[], io: CliIo): Promise<ExitCode> {
  const context = createContext(io);
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUse;
    io.stderr(errorText(error));
    return exitCodeOf(error);
  }
}

function createProgram(context: Context): Command {
  const { stdout, stderr } = context.io;
  const program = new Command('breakwater')
    .description('Durable sagas on one Postgres.')
    .exitOverride()
    .configureOutput({ writeOut: stdout, writeErr: stderr })
    .showHelpAfterError('Add --help for what there is.');
  addStart(program, context);
  addDefinitionCommands(program, context);
  addRun(program, context);
  addRuns(program, context);
  addApprovals(program, context);
  addBreakers(program, context);
  addKeys(program, context);
  addMigrate(program, context);
  addSandbox(program, context);
  addCrashTest(program, context);
  addDoctor(program, context);
  addCompletion(program, context);
  return program;
}
