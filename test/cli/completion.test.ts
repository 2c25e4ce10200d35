// What `breakwater completion` prints is tried by a real bash; of zsh and fish the words are compared with the tree of commands.
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { breakwater } from './command-line.ts';

let script: string;

beforeAll(async () => {
  script = (await breakwater(['completion', 'bash'])).stdout;
});

/** What bash offers for the last word of a line. */
function completed(line: string): string[] {
  const words = ['breakwater', ...line.split(' ')];
  const ask = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_breakwater && printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8', cwd: import.meta.dirname });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it.each([
    ['dis', []],
    ['do', ['doctor']],
    ['ru', ['run', 'runs']],
    ['runs re', ['resume', 'release', 'rewind']],
    ['runs list --st', ['--status']],
    ['runs decide run_1 --decision s', ['skip']],
    ['approvals --json app', ['approve']],
    ['completion f', ['fish']],
    ['validate usage', ['usage.test.ts']],
    ['run a.yaml --input usage', ['usage.test.ts']],
    ['doctor usage', []],
  ])('offers for "%s" %j', (line, expected) => {
    expect(completed(line).toSorted()).toEqual(expected.toSorted());
  });

  it('offers every command that the help lists', async () => {
    const help = (await breakwater(['--help'])).stdout;
    const listed = [...help.matchAll(/^ {2}([a-z][a-z-]*) /gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');

    expect(completed('').filter((word) => !word.startsWith('-'))).toEqual(listed);
  });
});

describe('completion in other shells', () => {
  it('is that of bash in zsh, by its bashcompinit', async () => {
    const zsh = (await breakwater(['completion', 'zsh'])).stdout;

    expect(zsh).toBe(`#compdef breakwater\nautoload -U +X bashcompinit && bashcompinit\n${script}`);
  });

  it('says each command and option in fish, with what it does', async () => {
    const fish = (await breakwater(['completion', 'fish'])).stdout;

    expect(fish).toContain(`complete -c breakwater -n '__breakwater_at' -f -a doctor -d 'tell what is wrong with`);
    expect(fish).toContain(`'__breakwater_at keys; and not __fish_seen_subcommand_from create list revoke' -f -a list`);
    expect(fish).toContain(`complete -c breakwater -n '__breakwater_at runs decide' -l decision -x -a 'retry skip`);
    expect(fish).toMatch(/-l json -d 'print JSON'/);
  });

  it('is refused for a shell that we do not know', async () => {
    const ended = await breakwater(['completion', 'csh']);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain('bash, zsh, fish');
  });
});
