import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApproval, type NewApproval } from '../../src/approvals/index.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { startTestApp, type RunningApp } from './running-app.ts';

let api: RunningApp;
let ann: string;
let eve: string;

beforeAll(async () => {
  api = await startTestApp('http_approvals');
  ann = await api.keyFor('ann', ['approver']);
  eve = await api.keyFor('eve', ['approver']);
});

afterAll(() => api.stop());

async function ask(over: Partial<NewApproval> = {}) {
  const runId = over.runId ?? (await insertWaitingRun(api.knex, 'default'));
  const question = aQuestion({ tenant: 'default', ...over, runId });
  return { runId, ...(await api.knex.transaction((trx) => openApproval(trx, question))) };
}

function decide(id: string, body: unknown, key = ann) {
  return api.call(`/v1/approvals/${id}/decisions`, { body, key });
}

describe('GET /v1/approvals', () => {
  it('lists as mine only what asks me', async () => {
    const { id } = await ask({ approvers: ['user:ann'] });

    const mine = await api.call('/v1/approvals?mine=true&status=pending', { key: ann });
    const hers = await api.call('/v1/approvals?mine&status=pending', { key: eve });

    expect((mine.body as { items: { id: string }[] }).items.map((item) => item.id)).toContain(id);
    expect(hers.body).toEqual({ items: [] });
  });

  it('shows the full shape, the same in lists', async () => {
    const { id } = await ask();

    const one = await api.call(`/v1/approvals/${id}`);
    const list = await api.call('/v1/approvals?limit=1');

    expect(Object.keys(one.body as object)).toEqual(
      expect.arrayContaining([
        'id',
        'runId',
        'node',
        'status',
        'title',
        'body',
        'approvers',
        'deadline',
        'onTimeout',
        'requester',
        'editable',
        'decisions',
      ]),
    );
    expect(list.body).toMatchObject({ items: [one.body] });
  });

  it('shows what may be edited, as edits so far left it', async () => {
    const { id } = await ask();

    expect(await api.call(`/v1/approvals/${id}/content`)).toMatchObject({ status: 200, body: { items: [] } });
    expect((await api.call('/v1/approvals/apr_none/content')).status).toBe(404);
  });

  it('never shows a link or a key that makes one', async () => {
    await ask();

    expect((await api.call('/v1/approvals')).text).not.toMatch(/\/approve\/|link-key/);
  });
});

describe('POST /v1/approvals/{id}/decisions', () => {
  it('answers 200 the first time and 409 afterwards', async () => {
    const { id } = await ask();

    expect(await decide(id, { decision: 'approve', reason: 'fine' })).toMatchObject({
      status: 200,
      body: { id, status: 'approved', decisions: [{ decision: 'approve', by: 'ann', via: 'api', reason: 'fine' }] },
    });
    expect(await decide(id, { decision: 'reject' })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  it('answers 403 to whoever is not asked, 410 after the deadline and 404 for another tenant', async () => {
    const { id } = await ask();
    const late = await ask({ timeoutMs: 0 });
    const foreign = await api.keyFor('ann', ['admin'], { tenant: 'rival' });

    expect(await decide(id, { decision: 'approve' }, eve)).toMatchObject({ status: 403 });
    expect(await decide(late.id, { decision: 'approve' })).toMatchObject({ status: 410, body: { code: 'GONE' } });
    expect(await decide(id, { decision: 'approve' }, foreign)).toMatchObject({ status: 404 });
    expect(await api.call(`/v1/approvals/${id}`)).toMatchObject({ body: { status: 'pending' } });
  });

  it('keeps edits of editable nodes and refuses others', async () => {
    const { id } = await ask();

    expect(await decide(id, { decision: 'approve', edits: { 'pay.charge': { amount: 1 } } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/edits/pay.charge' }] },
    });
    expect(await decide(id, { decision: 'approve', edits: { 'write.draft': { title: 'New' } } })).toMatchObject({
      status: 200,
      body: { decisions: [{ edits: { 'write.draft': { title: 'New' } } }] },
    });
  });

  it('refuses a decision that is none', async () => {
    const { id } = await ask();

    expect(await decide(id, { decision: 'maybe' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/decision' }] },
    });
    expect(await decide(id, { decision: 'approve', by: 'someone-else' })).toMatchObject({ status: 422 });
  });
});

describe('the original signals', () => {
  it('decide the one approval that is pending', async () => {
    const { id, runId } = await ask();

    const answer = await api.call(`/v1/workflows/${runId}/signals/approve`, { key: ann, body: { reason: 'go' } });

    expect(answer).toMatchObject({
      status: 200,
      body: { id, status: 'approved', decisions: [{ by: 'ann', reason: 'go' }] },
    });
  });

  it('need no body', async () => {
    const { runId } = await ask();

    expect(await api.call(`/v1/workflows/${runId}/signals/reject`, { method: 'POST', key: ann })).toMatchObject({
      status: 200,
      body: { status: 'rejected' },
    });
  });

  it('answer 409 when no approval is pending, or several are', async () => {
    const { runId } = await ask();
    await ask({ runId, node: 'another' });
    const idle = await insertWaitingRun(api.knex, 'default');

    expect(await api.call(`/v1/workflows/${runId}/signals/approve`, { method: 'POST', key: ann })).toMatchObject({
      status: 409,
    });
    expect(await api.call(`/v1/workflows/${idle}/signals/approve`, { method: 'POST', key: ann })).toMatchObject({
      status: 409,
    });
  });

  it('answer 404 for a run that is not there', async () => {
    expect(await api.call('/v1/workflows/run_none/signals/approve', { method: 'POST', key: ann })).toMatchObject({
      status: 404,
    });
  });
});
