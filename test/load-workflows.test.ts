// What the workflows folder may export, and what is said when it exports something else.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadUserCode } from '../src/load-workflows.ts';

async function folderWith(code?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-code-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  if (code !== undefined) await writeFile(join(folder, 'index.mjs'), code);
  return folder;
}

const WORKFLOW = `{ name: 'w', version: '1.0.0', title: 'W', run() {} }`;
const TOOL = `{ name: 't', actions: { act: { bind() {} } } }`;

describe('loadUserCode', () => {
  it('finds nothing in a folder without code', async () => {
    expect(await loadUserCode(await folderWith())).toEqual({ workflows: [], tools: [] });
  });

  it.each([
    [`export const workflows = [${WORKFLOW}];`, { workflows: [{ name: 'w' }], tools: [] }],
    [`export const tools = [${TOOL}];`, { workflows: [], tools: [{ name: 't' }] }],
    [
      `export const workflows = [${WORKFLOW}], tools = [${TOOL}];`,
      { workflows: [{ name: 'w' }], tools: [{ name: 't' }] },
    ],
  ])('takes what is exported by %s', async (code, expected) => {
    expect(await loadUserCode(await folderWith(code))).toMatchObject(expected);
  });

  it.each([
    ['export const tool = [];', 'exports neither'],
    [`export const workflows = [{ name: 'w' }];`, 'is no workflow'],
    [`export const tools = [{ name: 't' }];`, 'is no tool'],
    [`export const tools = [{ name: 't', actions: { act: { run() {} } } }];`, 'made by defineAction'],
    ['export const tools = null;', 'expected array'],
  ])('refuses %s by name and reason', async (code, reason) => {
    const folder = await folderWith(code);

    await expect(loadUserCode(folder)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringMatching(new RegExp(`^${folder}/index\\.mjs must export [^]*${reason}`)),
    });
  });
});
