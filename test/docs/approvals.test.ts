// docs/approvals.md keeps its word: its examples are files that run in the app, and mean there what the page says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/http/index.ts';
import { createKnex, packageRoot } from '../../src/postgres/index.ts';
import { untilStatus } from '../recovery/a-campaign.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const FOLDER = join(packageRoot(), 'docs', 'examples', 'approvals');
const page = readFileSync(join(packageRoot(), 'docs', 'approvals.md'), 'utf8');

let sandbox: TestSandbox;
let app: AppProcess;
const keys = new Map<string, string>();

beforeAll(async () => {
  sandbox = await openSandbox();
  const databaseUrl = await createTestDatabase('docs_approvals');
  app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, env: { BREAKWATER_WORKFLOWS_DIR: FOLDER } });
  const knex = createKnex(databaseUrl, { max: 1, name: 'test' });
  for (const user of ['jonas', 'amara']) {
    const made = await createKey(knex, { tenant: 'default', user, roles: ['approver', 'press'] }, 'test');
    keys.set(user, made.key);
  }
  await knex.destroy();
}, 60_000);
afterAll(async () => {
  await app.stop();
  await sandbox[Symbol.asyncDispose]();
});

async function start(workflow: string, input: object): Promise<string> {
  const { body } = await app.call('POST', '/v1/runs', { workflow, input });
  return String(body['id']);
}

async function question(runId: string, after = ''): Promise<string> {
  return await until(
    async () => {
      const { body } = await app.call('GET', '/v1/approvals?status=pending');
      const items = body['items'] as { id: string; runId: string }[];
      return items.find((item) => item.runId === runId && item.id !== after)?.id;
    },
    { what: `a question of ${runId}`, timeoutMs: 30_000 },
  );
}

async function answer(id: string, user: string, body: object): Promise<Record<string, unknown>> {
  const authorization = `Bearer ${keys.get(user)}`;
  const { status, body: answered } = await app.call('POST', `/v1/approvals/${id}/decisions`, body, { authorization });
  expect(status).toBe(200);
  return answered;
}

describe('the examples', () => {
  it.each(['press-release.yaml', 'signed-offer.ts'])('are shown as they stand in %s', (file) => {
    expect(page).toContain(readFileSync(join(FOLDER, file), 'utf8'));
  });

  it('goes back for what one of them asks, and on when both approve', async () => {
    const runId = await start('press-release', { product: 'Tide clock' });
    const first = await question(runId);
    await answer(first, 'amara', { decision: 'request_changes', reason: 'name the price' });

    const second = await question(runId, first);
    const form = { desk: 'Hamburg' };
    const edits = { 'draft.text': { body: 'High water, on time' } };
    expect(await answer(second, 'jonas', { decision: 'approve', form, edits })).toMatchObject({ status: 'pending' });
    expect(await answer(second, 'amara', { decision: 'approve', form })).toMatchObject({ status: 'approved' });

    const run = await untilStatus(app, runId, ['succeeded']);
    expect(run).toMatchObject({ output: { rounds: 1, page: `press/${runId}.md` } });
    const files = (await sandbox.created()).filter(({ kind }) => kind === 'file');
    expect(files.map(({ data }) => data['content'])).toEqual(['High water, on time (Hamburg)']);
    const prompts = (await sandbox.calls('slm')).map(({ body }) => JSON.stringify(body));
    expect(prompts.map((prompt) => prompt.includes('amara asks: name the price'))).toEqual([false, true]);
  });

  it('goes round in code until nobody asks for more', async () => {
    const runId = await start('signed-offer', { client: 'Harbour Ltd' });
    const first = await question(runId);
    await answer(first, 'jonas', { decision: 'request_changes', reason: 'shorter' });
    const second = await question(runId, first);
    await answer(second, 'jonas', { decision: 'approve' });
    await answer(second, 'amara', { decision: 'approve' });

    expect(await untilStatus(app, runId, ['succeeded'])).toMatchObject({
      output: { rounds: 2, wishes: ['shorter'], by: 'amara' },
    });
  });
});
