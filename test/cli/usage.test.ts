import { describe, expect, it } from 'vitest';
import { errorText, exitCodeOf, problemLine } from '../../src/cli/failure.ts';
import { table } from '../../src/cli/table.ts';
import { BreakwaterError } from '../../src/kernel/index.ts';
import { breakwater } from './command-line.ts';

describe('wrong use', () => {
  it.each([
    [['frobnicate']],
    [['runs']],
    [['runs', 'shove', 'x']],
    [['runs', 'show']],
    [['validate']],
    [['start', '--prot', '1']],
  ])('%j exits 2 with nothing on stdout', async (args) => {
    const ended = await breakwater(args);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).not.toBe('');
  });

  it('tells every bad setting at once', async () => {
    const ended = await breakwater(['runs', 'list'], { BREAKWATER_ULR: 'x', PORT: 'many' });

    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('BREAKWATER_ULR');
    expect(ended.stderr).toContain('PORT');
  });

  it('names a file that cannot be read', async () => {
    const ended = await breakwater(['validate', '/none/such.yaml']);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain('/none/such.yaml cannot be read');
  });
});

describe('help', () => {
  it('goes to stdout and exits 0', async () => {
    const ended = await breakwater(['--help']);

    expect(ended.exitCode).toBe(0);
    for (const verb of ['start', 'validate', 'plan', 'run', 'schema', 'runs', 'approvals', 'keys', 'migrate']) {
      expect(ended.stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    }
  });
});

describe('problemLine', () => {
  it('is file:line:column message where the place is known', () => {
    expect(problemLine({ path: '/modules/0', line: 3, column: 5, message: 'unknown tool' }, 'a.yaml')).toBe(
      'a.yaml:3:5 unknown tool',
    );
    expect(problemLine({ path: '/input', message: 'is required' }, 'in.json')).toBe('in.json: /input is required');
    expect(problemLine({ path: '', message: 'is required' })).toBe('is required');
  });
});

describe('errorText', () => {
  it('is one line, and one for each problem', () => {
    const problems = [
      { path: '/a', message: 'is wrong' },
      { path: '/b', message: 'is missing' },
    ];

    expect(errorText(new BreakwaterError('INVALID', 'Refused.', { problems }))).toBe(
      'breakwater: Refused.\n  /a is wrong\n  /b is missing\n',
    );
  });
});

describe('exitCodeOf', () => {
  it('is 2 for bad settings and 1 for what failed', () => {
    expect(exitCodeOf(new BreakwaterError('CONFIG', 'x'))).toBe(2);
    expect(exitCodeOf(new BreakwaterError('CONFLICT', 'x'))).toBe(1);
    expect(exitCodeOf('thrown text')).toBe(1);
  });
});

describe('table', () => {
  it('aligns columns and leaves no space at the end', () => {
    expect(
      table(
        ['A', 'LONG'],
        [
          ['wide cell', 'x'],
          ['y', ''],
        ],
      ),
    ).toBe('A          LONG\nwide cell  x\ny\n');
  });
});
