// A small saga whose process is really killed between each act and its record; `npm run crash-matrix` does so at every boundary of many.
import { expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createSandbox } from '../../sandbox/index.ts';
import { runCrashTest } from '../../src/crash-test/index.ts';
import type { Scenario } from '../../src/crash-test/index.ts';

const contents = { owner: 'acme', repo: 'website' };
const write = {
  tool: 'github',
  action: 'create_or_update_file',
  with: { ...contents, path: '{{ run.id }}.md', content: 'kept', message: 'keep' },
};
const missing = { tool: 'github', action: 'get_file_content', with: { ...contents, path: 'no/such/file.md' } };

const saga: Scenario = {
  name: 'small-saga',
  workflow: {
    format: 'yaml',
    source: stringify({
      workflow: { name: 'small-saga', version: '1.0.0' },
      modules: [
        {
          id: 'files',
          activities: [
            { name: 'write', ...write, compensation: 'delete_file' },
            { name: 'read', ...missing },
          ],
        },
      ],
    }),
  },
  input: {},
  decide: 'nobody',
  messages: [],
  faults: [],
};

it('ends as without faults wherever it is killed between an act and its record', { timeout: 240_000 }, async () => {
  const workflowsDir = await mkdtemp(join(tmpdir(), 'breakwater-no-workflows-'));

  const result = await runCrashTest({
    lanes: 2,
    workflowsDir,
    leaseTtlMs: 4_000,
    runTimeoutMs: 120_000,
    startSandbox: async (port) => await createSandbox({ port }),
    scenarios: [saga],
    only: 'done',
    signal: new AbortController().signal,
    onVerdict: () => undefined,
  });

  await rm(workflowsDir, { recursive: true });
  expect(
    result?.verdicts.flatMap(({ scenario, boundary, problems }) => problems.map((each) => [scenario, boundary, each])),
  ).toEqual([]);
  expect(result?.verdicts.map(({ boundary }) => boundary).toSorted()).toEqual([
    'done files.read',
    'done files.write',
    'done run finished',
    'done run turned round',
    'done undo files.write',
    undefined,
  ]);
});
