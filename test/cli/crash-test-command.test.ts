// What `breakwater crash-test` refuses before it starts anything; test/crash-matrix really kills.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REVIEW } from '../http/review-definition.ts';
import { breakwater } from './command-line.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-cli-'));
});
afterAll(async () => await rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const WAITS = `
workflow: { name: waits, version: 1.0.0, input: { type: object, required: [who] } }
modules: [{ id: signed, type: wait, wait: { message: contract-signed, timeout: 1h } }]
`;

describe('crash-test', () => {
  it('refuses a definition with the problems that validate tells', async () => {
    const bad = await file('bad.yaml', REVIEW.replace('memory', 'memroy').replace('timeout: 1h', 'timeouts: 1h'));

    const ended = await breakwater(['crash-test', bad]);

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toBe((await breakwater(['validate', bad])).stderr);
  });

  it('refuses an input that does not fit', async () => {
    const ended = await breakwater(['crash-test', await file('waits.yaml', WAITS)]);

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('who');
  });

  it.each([
    ['--lanes=0', '--lanes must be a whole number from 1 to 16, not "0"'],
    ['--lanes=many', '--lanes must be'],
    ['--message=contract-signed', '--message must be <topic>=<json>'],
    ['--message=contract-signed={', '--message contract-signed is not JSON'],
    ['--message=contract-singed={}', 'the definition waits for contract-signed'],
    ['--approve', "unknown option '--approve'"],
  ])('takes %s for wrong use', async (option, told) => {
    const input = await file('who.json', '{ "who": "Ada" }');

    const ended = await breakwater(['crash-test', await file('waits.yaml', WAITS), '--input', input, option]);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(told);
  });
});
