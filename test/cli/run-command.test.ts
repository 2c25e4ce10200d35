import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, type RunningApp } from '../http/running-app.ts';
import { breakwater } from './command-line.ts';

const NOTE = `
workflow: { name: note, version: 1.0.0, input: { type: object, required: [key], properties: { key: { type: string } } } }
modules:
  - id: write
    activities:
      - { name: draft, tool: memory, action: remember, with: { key: "{{ input.key }}", content: {} }, compensation: forget }
output: { key: "\${{ outputs.write.draft.key }}" }
`;

let api: RunningApp;
let folder: string;
let note: string;
let input: string;

beforeAll(async () => {
  api = await startTestApp('cli_run');
  folder = await mkdtemp(join(tmpdir(), 'breakwater-cli-'));
  note = await file('note.yaml', NOTE);
  input = await file('input.json', '{"key":"a"}');
});

afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

function run(...args: string[]) {
  return breakwater(['run', ...args], { BREAKWATER_URL: api.app.url, BREAKWATER_KEY: ADMIN_KEY });
}

describe('run', () => {
  it('publishes, starts and prints the id', async () => {
    const ended = await run(note, '--input', input);

    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toMatch(/^run_[0-9a-f-]{36}\n$/);
  });

  it('follows the run: progress on stderr, the run as JSON on stdout', async () => {
    const ended = await run(note, '--input', input, '--watch');

    expect(ended.exitCode).toBe(0);
    expect(ended.json()).toMatchObject({ status: 'succeeded', output: { key: 'a' } });
    expect(ended.stderr).toMatch(/100% {2}succeeded/);
    expect(ended.stderr).toMatch(/ \+\S+ {2}activity\.completed +write\.\w+ {2}in \d+ms\n/);
  });

  it('is told again afterwards, in order, and by watching it', async () => {
    const { id } = (await run(note, '--input', input, '--watch')).json() as { id: string };
    const settings = { BREAKWATER_URL: api.app.url, BREAKWATER_KEY: ADMIN_KEY };

    const history = await breakwater(['runs', 'history', id], settings);
    const watched = await breakwater(['runs', 'watch', id], settings);
    const facts = (await breakwater(['runs', 'history', id, '--json'], settings)).json() as { items: unknown[] };

    expect(history.exitCode).toBe(0);
    expect(history.stdout).toMatch(/^ +\+0ms {2}run\.started[^]*run\.finished[^\n]* succeeded\n$/);
    expect(watched).toMatchObject({ exitCode: 0, stdout: history.stdout });
    expect(facts.items).toHaveLength(history.stdout.trimEnd().split('\n').length);
  });

  it('exits 1 when the run does not succeed', async () => {
    const failing = await file(
      'failing.yaml',
      NOTE.replace('name: note', 'name: failing').replace(
        'content: {}',
        'content: "${{ 1.0 / 0.0 > 0.0 ? input.none : 1 }}"',
      ),
    );

    const ended = await run(failing, '--input', input, '--watch');

    expect(ended.exitCode).toBe(1);
    expect(ended.json()).toMatchObject({ status: 'failed' });
    const failures = await breakwater(['runs', 'failures', '--workflow', 'failing'], {
      BREAKWATER_URL: api.app.url,
      BREAKWATER_KEY: ADMIN_KEY,
    });
    expect(failures.stdout).toMatch(/\n1 +failing +write\.\w+ +EXPRESSION /);
  });

  it('prints every problem of a definition that is refused', async () => {
    const ended = await run(await file('bad.yaml', NOTE.replace('memory', 'memroy')), '--input', input);

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('"memory"');
  });

  it('names what is wrong with the input', async () => {
    const ended = await run(note);

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('key');
  });
});
