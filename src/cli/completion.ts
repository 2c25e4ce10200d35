// Completion for bash, zsh and fish, written out of the tree of commands, so that it cannot fall behind it. Pure.
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** One command of the tree: the words that lead to it, and what may follow them. */
interface Place {
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly options: readonly OptionWord[];
  /** Words that an argument may be. */
  readonly choices: readonly string[];
  readonly takesFile: boolean;
}

interface Word {
  readonly name: string;
  readonly about: string;
}

interface OptionWord extends Word {
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, []);
  if (shell === 'fish') return fishScript(places);
  const body = bashScript(places);
  return shell === 'bash' ? body : `#compdef breakwater\nautoload -U +X bashcompinit && bashcompinit\n${body}`;
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  // Commander hides some commands and options from its help; what it hides is not offered either.
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  const place: Place = {
    path,
    commands: children.map((child) => ({ name: child.name(), about: child.description() })),
    options: help.visibleOptions(command).flatMap(optionWord),
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
  };
  return [place, ...children.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

function optionWord({ long, description, required, optional, argChoices = [] }: Option): OptionWord[] {
  return long ? [{ name: long, about: description, takesValue: required || optional, choices: argChoices }] : [];
}

// The words before the cursor that are no options lead to a place as far as they name commands; anything beyond are its arguments.
function bashScript(places: readonly Place[]): string {
  return `# Completes breakwater. Use: source <(breakwater completion bash)
_breakwater() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} place='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${place:+$place }\${COMP_WORDS[i]}" in
${places.filter(isCommand).map(placeCase).join('\n')}
    esac
  done
  case "$place $before" in
${places.flatMap(valueCases).join('\n')}
  esac
  case "$place" in
${places.map(wordsCase).join('\n')}
  esac
}
complete -o filenames -F _breakwater breakwater
`;
}

function isCommand({ path }: Place): boolean {
  return path.length > 0;
}

function placeCase({ path }: Place): string {
  return `      '${path.join(' ')}') place='${path.join(' ')}' ;;`;
}

// After an option that takes a value come its choices, or files.
function valueCases({ path, options }: Place): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ name, choices }) => {
      const words = choices.length > 0 ? `-W '${choices.join(' ')}'` : '-f';
      return `    '${path.join(' ')} ${name}') COMPREPLY=( $(compgen ${words} -- "$word") ); return ;;`;
    });
}

function wordsCase({ path, commands, options, choices, takesFile }: Place): string {
  const words = [...[...commands, ...options].map(({ name }) => name), ...choices];
  const files = takesFile ? ' -f' : '';
  return `    '${path.join(' ')}') COMPREPLY=( $(compgen -W '${words.join(' ')}'${files} -- "$word") ) ;;`;
}

function fishScript(places: readonly Place[]): string {
  return `# Completes breakwater. Use: breakwater completion fish | source
function __breakwater_at
  set -l words (string match -v -- '-*' (commandline -opc))[2..]
  test (count $argv) -eq 0; and test (count $words) -eq 0; and return 0
  set -l depth (count $argv)
  test $depth -gt 0; and test "$words[1..$depth]" = "$argv"
end
${places.flatMap(fishLines).join('\n')}
`;
}

function fishLines({ path, commands, options, choices, takesFile }: Place): string[] {
  const at = `complete -c breakwater -n '${['__breakwater_at', ...path].join(' ')}'`;
  // A group's commands are not offered again behind one of them.
  const among = commands.map(({ name }) => name).join(' ');
  const first = path.length === 0 ? at : `${at.slice(0, -1)}; and not __fish_seen_subcommand_from ${among}'`;
  return [
    ...(takesFile ? [] : [`${at} -f`]),
    ...commands.map(({ name, about }) => `${first} -f -a ${name} -d ${quoted(about)}`),
    ...choices.map((choice) => `${at} -f -a ${choice}`),
    ...options.map(({ name, about, takesValue, choices: values }) => {
      const value = values.length > 0 ? ` -x -a '${values.join(' ')}'` : takesValue ? ' -r' : '';
      return `${at} -l ${name.slice(2)}${value} -d ${quoted(about)}`;
    }),
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
