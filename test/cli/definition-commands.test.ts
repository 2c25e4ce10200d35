import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REVIEW } from '../http/review-definition.ts';
import { breakwater } from './command-line.ts';

let folder: string;
let good: string;
let bad: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-cli-'));
  good = await file('good.yaml', REVIEW);
  bad = await file(
    'bad.yaml',
    REVIEW.replace('memory', 'memroy').replace('timeout: 1h }\noutput', 'timeouts: 1h }\noutput'),
  );
});

afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe('validate', () => {
  it('says in one line what is valid', async () => {
    const ended = await breakwater(['validate', good]);

    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toBe(
      `${good} is valid: review-a-note 1.0.0, 3 nodes in 3 waves\n1 of 1 acts that change something say what takes them back: 100%\n`,
    );
  });

  it('tells every problem as file:line:column message, and exits 1', async () => {
    const ended = await breakwater(['validate', bad]);

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    const lines = ended.stderr.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(/^\/.*bad\.yaml:\d+:\d+ \S/);
    expect(ended.stderr).toContain('"memory"');
    expect(ended.stderr).toContain('"timeout"');
  });

  it('prints the same as JSON', async () => {
    const wrong = await breakwater(['validate', bad, '--json']);
    const right = await breakwater(['validate', good, '--json']);

    expect(wrong.exitCode).toBe(1);
    expect(wrong.json()).toMatchObject({
      file: bad,
      valid: false,
      problems: [{ line: expect.any(Number), path: expect.stringMatching(/^\//) }, {}],
    });
    expect(right.json()).toMatchObject({
      file: good,
      valid: true,
      name: 'review-a-note',
      version: '1.0.0',
      coverage: { effects: 1, covered: 1, percentage: 100, uncovered: [] },
      warnings: [],
    });
  });

  it('works whatever the settings are', async () => {
    expect(await breakwater(['validate', good], { PORT: 'many', DBOS_SYSTEM_DATABASE_URL: 'nonsense' })).toMatchObject({
      exitCode: 0,
    });
  });
});

describe('plan', () => {
  it('shows each call with what takes it back', async () => {
    const input = await file('input.json', '{"note":"hi"}');

    const ended = await breakwater(['plan', good, '--input', input]);

    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^1 +write\.draft +memory\.remember +memory\.forget +\{.*"key":"hi"/m);
    expect(ended.stdout).toMatch(/^2 +review +approval /m);
    expect(ended.stdout).toContain('Undone in this order: write.draft\n');
  });

  it('prints waves and calls as JSON', async () => {
    const ended = await breakwater(['plan', good, '--json']);

    expect(ended.json()).toMatchObject({
      waves: [[{ id: 'write.draft', call: { tool: 'memory' } }], [{ id: 'review' }], [{ id: 'signed' }]],
    });
  });

  it('refuses an input that does not fit, naming the field', async () => {
    const input = await file('wrong.json', '{"note":7}');

    const ended = await breakwater(['plan', good, '--input', input]);

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('wrong.json: /note');
  });

  it.each([
    ['{"note":', 'is not JSON'],
    ['{"__proto__":{"x":1}}', '"__proto__"'],
  ])('exits 2 for the input %s', async (text, message) => {
    const ended = await breakwater(['plan', good, '--input', await file('broken.json', text)]);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});

describe('schema', () => {
  it('prints the JSON Schema of definitions', async () => {
    const ended = await breakwater(['schema']);

    expect(ended.exitCode).toBe(0);
    expect(ended.json()).toMatchObject({ type: 'object', properties: { workflow: {}, modules: {} } });
  });
});
