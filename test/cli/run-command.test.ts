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
