// docs/workflows.md keeps its word: its examples are files that run in the app, its tables are what there is.
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/postgres/index.ts';
import { RecordedSaga } from '../../src/runs/coded-saga.ts';
import { FINAL, decide, untilStatus } from '../recovery/a-campaign.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';

const FOLDER = join(packageRoot(), 'docs', 'examples', 'launch');
const fileOf = (...path: string[]): string => readFileSync(join(packageRoot(), ...path), 'utf8');
const page = fileOf('docs', 'workflows.md');

describe('the examples', () => {
  it('are shown as they stand in their files', () => {
    // Inside the repository the library is imported by its file.
    expect(page).toContain(fileOf('workflows', 'payment.ts').replaceAll(`'../src/index.ts'`, `'breakwater'`));
    expect(page).toContain(fileOf('docs', 'examples', 'launch', 'launch.ts'));
    expect(page).toContain(fileOf('docs', 'examples', 'launch', 'index.js'));
    expect(page).toContain(fileOf('docs', 'examples', 'countries', 'countries.ts'));
  });
});

describe('the example in a folder of its own', () => {
  let sandbox: TestSandbox;
  let app: AppProcess;
  beforeAll(async () => {
    sandbox = await openSandbox();
    app = await AppProcess.start({
      databaseUrl: await createTestDatabase('docs_workflows'),
      sandboxUrl: sandbox.url,
      env: { BREAKWATER_WORKFLOWS_DIR: FOLDER },
    });
  });
  afterAll(async () => {
    await app.stop();
    await sandbox[Symbol.asyncDispose]();
  });

  async function launched(decision: object) {
    const { body } = await app.call('POST', '/v1/runs', {
      workflow: 'launch',
      input: { product: 'Tide clock', reviewer: 'amara' },
    });
    const id = String(body['id']);
    await untilStatus(app, id, ['waiting']);
    await decide(app, id, decision);
    return id;
  }

  it('ships what the reviewer edited, once sales says go', async () => {
    const id = await launched({ decision: 'approve', edits: { draft: { headline: 'High water, on time' } } });
    await app.call('POST', `/v1/runs/${id}/messages/go`, { by: 'jonas' }, { 'idempotency-key': 'go' });

    const run = await untilStatus(app, id, FINAL);

    expect(run).toMatchObject({ status: 'succeeded', output: { headline: 'High water, on time' } });
    const made = (await sandbox.created()).map(({ kind, data }) => [kind, JSON.stringify(data)]);
    expect(made).toEqual([
      ['file', expect.stringContaining('High water, on time')],
      ['message', expect.stringContaining('said jonas')],
    ]);
  });

  it('publishes nothing that is rejected', async () => {
    const before = await sandbox.created();

    const id = await launched({ decision: 'reject' });

    expect(await untilStatus(app, id, FINAL)).toMatchObject({ status: 'rejected', cause: 'rejection' });
    expect(await sandbox.created()).toEqual(before);
  });
});

describe('the table of calls', () => {
  it('has what a saga offers, and nothing else', () => {
    const shown = [...page.matchAll(/^\| `saga\.(\w+)\(/gm)].map(([, name]) => name);
    const engines = new Set(['constructor', 'close', 'idle', 'finishReplay', 'obey']);
    const offered = Object.getOwnPropertyNames(RecordedSaga.prototype).filter((name) => !engines.has(name));

    expect(new Set(shown)).toEqual(new Set(offered));
  });
});

describe('the configuration for ESLint', () => {
  it('names rules that the plugin has', async () => {
    const [, text = ''] = /in `eslint\.config\.js`:\n\n```js\n(.*?)```/s.exec(page) ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'breakwater-eslint-'));
    onTestFinished(async () => await rm(folder, { recursive: true }));
    await mkdir(join(folder, 'node_modules'));
    await symlink(packageRoot(), join(folder, 'node_modules', 'breakwater'));
    await writeFile(join(folder, 'eslint.config.mjs'), text);

    const { default: parts } = (await import(pathToFileURL(join(folder, 'eslint.config.mjs')).href)) as {
      default: { plugins: Record<string, { rules: object }>; rules: Record<string, string> }[];
    };

    const [{ plugins, rules } = { plugins: {}, rules: {} }] = parts;
    const offered = Object.keys(plugins['breakwater']?.rules ?? {}).map((rule) => `breakwater/${rule}`);
    expect(Object.keys(rules).toSorted()).toEqual(offered.toSorted());
  });
});
