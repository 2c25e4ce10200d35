// docs/tools.md keeps its word: its example is the file it shows and runs in the app, its table is what the tools declare.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/postgres/index.ts';
import { toolCatalog } from '../../src/tools/index.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { environment, startGitLab, type GitLab } from './gitlab-server.ts';

const FOLDER = join(packageRoot(), 'docs', 'examples', 'gitlab');
const page = readFileSync(join(packageRoot(), 'docs', 'tools.md'), 'utf8');
const exampleFile = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

describe('the example', () => {
  it.each(['gitlab.ts', 'index.js'])('is shown as it stands in %s', (name) => {
    expect(page).toContain(exampleFile(name));
  });

  it('has at most 60 lines', () => {
    expect(exampleFile('gitlab.ts').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });
});

describe('the example in the app', () => {
  let gitlab: GitLab;
  let app: AppProcess;

  beforeAll(async () => {
    gitlab = await startGitLab();
    const env = { ...environment, GITLAB_BASE_URL: gitlab.url, BREAKWATER_WORKFLOWS_DIR: FOLDER };
    app = await AppProcess.start({ databaseUrl: await createTestDatabase('docs_tools'), env });
  });

  afterAll(async () => {
    await app.stop();
    await gitlab[Symbol.asyncDispose]();
  });

  let before: number;
  beforeEach(() => {
    before = gitlab.issues.length;
  });
  const opened = () => gitlab.issues.slice(before);

  /** Reports an outage and answers whether it is real. */
  async function report(service: string, decision: 'approve' | 'reject') {
    const started = await app.call('POST', '/v1/runs', { workflow: 'report-outage', input: { service } });
    const id = String(started.body['id']);
    const approval = await until(() => pendingApproval(id), { what: 'the question', timeoutMs: 20_000 });
    await app.call('POST', `/v1/approvals/${approval}/decisions`, { decision });
    return (await app.call('GET', `/v1/runs/${id}?wait=20s`)).body;
  }

  async function pendingApproval(runId: string): Promise<string | undefined> {
    const { body } = await app.call('GET', '/v1/approvals?status=pending');
    return (body['items'] as { id: string; runId: string }[]).find((each) => each.runId === runId)?.id;
  }

  it('is listed as configured', async () => {
    const { body } = await app.call('GET', '/v1/adapters');

    expect(body['items']).toContainEqual(
      expect.objectContaining({ name: 'gitlab', configured: true, sandboxed: false }),
    );
  });

  it('opens an issue that stays when it is approved', async () => {
    const run = await report('billing', 'approve');

    expect(run).toMatchObject({ status: 'succeeded', output: { issue: expect.stringContaining('/issues/') } });
    expect(opened()).toMatchObject([{ title: 'billing is down', state: 'opened' }]);
  });

  it('closes the issue when it is rejected', async () => {
    const run = await report('search', 'reject');

    expect(run['status']).toBe('rejected');
    expect(opened()).toMatchObject([{ title: 'search is down', state: 'closed' }]);
  });

  it('opens one issue though the answer is lost, and closes that', async () => {
    gitlab.loseNextAnswer();

    const run = await report('login', 'reject');

    expect(run['status']).toBe('rejected');
    expect(opened()).toMatchObject([{ title: 'login is down', state: 'closed' }]);
  });

  it('is called by hand', async () => {
    const body = { action: 'open_issue', arguments: { project: 'acme/website', title: 'By hand' } };

    const answer = await app.call('POST', '/v1/adapters/gitlab/execute', body);

    expect(answer).toMatchObject({ status: 200, body: { ok: true, value: { iid: before + 1 } } });
    expect(opened()).toHaveLength(1);
  });
});

describe('the table of keys', () => {
  interface Row {
    readonly action: string;
    readonly keyedBy: string;
    readonly reads: boolean;
    readonly undoneBy: readonly string[];
  }

  const declared: Row[] = [];
  const catalog = toolCatalog();
  for (const tool of catalog.toolNames()) {
    for (const { name, keyedBy, effect, undoneBy } of catalog.tool(tool)?.actions.values() ?? []) {
      declared.push({ action: `${tool}.${name}`, keyedBy, reads: !effect, undoneBy });
    }
  }

  const ROW = /^\| `(\w+\.\w+)` \| (vendor|probe|none) \| (.+) \| (.*)\|$/gm;
  const shown: Row[] = [...page.matchAll(ROW)].map(([, action = '', keyedBy = '', how = '', undo = '']) => ({
    action,
    keyedBy,
    reads: how.startsWith('reads'),
    undoneBy: [...undo.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  }));

  it('has every action as it declares itself, and no other', () => {
    expect(shown).toEqual(declared);
  });
});
