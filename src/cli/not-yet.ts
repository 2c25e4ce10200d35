// Commands that are named but not built yet: they say so and exit 2, whatever follows them.
import type { Command } from 'commander';
import { WrongUse } from './failure.ts';

export function addNotYet(parent: Command, names: readonly string[]): void {
  for (const name of names) {
    parent
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action((_options: unknown, command: Command) => {
        throw new WrongUse(`"${pathOf(command)}" is not supported yet`);
      });
  }
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
