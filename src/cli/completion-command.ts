// `breakwater completion SHELL`: prints what makes bash, zsh or fish complete our commands and options.
import { Argument, type Command } from 'commander';
import type { Context } from './command-context.ts';
import { SHELLS, completionScript, type Shell } from './completion.ts';

export function addCompletion(program: Command, { io }: Context): void {
  program
    .command('completion')
    .description('print the completion of a shell, such as: source <(breakwater completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => io.stdout(completionScript(shell, program)));
}
