import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signLink } from '../../src/approvals/index.ts';
import { until } from '../support/until.ts';
import { REVIEW } from './review-definition.ts';
import { LINK_KEY, startTestApp, type RunningApp } from './running-app.ts';

interface Asked {
  readonly id: string;
  readonly status: string;
  readonly deadline: string;
}

let api: RunningApp;
let ann: string;

beforeAll(async () => {
  api = await startTestApp('http_whole_run');
  ann = await api.keyFor('ann', ['approver']);
  await api.call('/v1/definitions', { method: 'POST', body: REVIEW, headers: { 'content-type': 'application/yaml' } });
});

afterAll(() => api.stop());

/** A run of the definition that has asked its question. */
async function waitingRun(note: string) {
  const { body } = await api.call('/v1/runs', { body: { workflow: 'review-a-note', input: { note } } });
  const { id } = body as { id: string };
  const approval = await until(async () => (await approvalsOf(note))[0], { what: `the approval of ${id}` });
  return { id, approval };
}

async function approvalsOf(note: string): Promise<Asked[]> {
  const { body } = await api.call('/v1/approvals?limit=200');
  return (body as { items: (Asked & { title: string })[] }).items.filter((item) => item.title === `Keep ${note}?`);
}

async function final(id: string) {
  return await api.call(`/v1/runs/${id}?wait=30s`);
}

async function notes(): Promise<string[]> {
  const rows = await api.knex.withSchema('breakwater').table('memory').select<{ key: string }[]>('key');
  return rows.map((row) => row.key);
}

async function hasBeenUsed(user: string): Promise<boolean> {
  const keys = api.knex.withSchema('breakwater').table('api_key');
  return (await keys.whereNotNull('last_used_at').first('id').where({ user_name: user })) !== undefined;
}

describe('a run that asks a person', () => {
  it('says what it waits for, goes on with what was edited, and takes its message', async () => {
    const { id, approval } = await waitingRun('first');
    const waiting = await until(
      async () => {
        const answer = await api.call(`/v1/runs/${id}`);
        return (answer.body as { status: string }).status === 'waiting' && answer;
      },
      { what: 'status waiting' },
    );
    expect((waiting.body as { waiting: string }).waiting).toMatch(/ann|review/i);

    const decided = await api.call(`/v1/approvals/${approval.id}/decisions`, {
      key: ann,
      body: { decision: 'approve', edits: { 'write.draft': { key: 'better' } } },
    });
    const sent = await api.call(`/v1/runs/${id}/messages/signed`, {
      body: { by: 'law' },
      headers: { 'idempotency-key': 'm1' },
    });
    const again = await api.call(`/v1/runs/${id}/messages/signed`, {
      body: { by: 'law' },
      headers: { 'idempotency-key': 'm1' },
    });

    expect(decided.status).toBe(200);
    expect(sent).toMatchObject({ status: 202, body: { runId: id, topic: 'signed' } });
    expect([202, 409]).toContain(again.status);
    expect(await final(id)).toMatchObject({ body: { status: 'succeeded', output: { key: 'better', by: 'ann' } } });
    expect(await api.call(`/v1/runs/${id}/progress`)).toMatchObject({
      body: { percentage: 100, approvalReceived: true },
    });
  });

  it('refuses edits after which the output no longer fits its action', async () => {
    const { approval } = await waitingRun('misfit');

    const answer = await api.call(`/v1/approvals/${approval.id}/decisions`, {
      key: ann,
      body: { decision: 'approve', edits: { 'write.draft': { key: 7 } } },
    });

    expect(answer).toMatchObject({
      status: 422,
      body: { errors: [{ path: expect.stringContaining('/edits/write.draft') }] },
    });
    expect((await approvalsOf('misfit'))[0]?.status).toBe('pending');
  });

  it('takes everything back when it is rejected by link', async () => {
    const { id, approval } = await waitingRun('linked');
    const claims = {
      tenant: 'default',
      runId: id,
      approvalId: approval.id,
      approver: 'user:ann',
      expiresAt: new Date(approval.deadline),
    };
    const path = `/approve/${signLink(claims, LINK_KEY)}`;

    const page = await api.call(path, { key: null });
    await api.call(path, {
      method: 'POST',
      key: null,
      body: 'decision=reject&reason=no',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

    expect(page.text).toContain('>\nlinked</textarea>');
    expect(await final(id)).toMatchObject({ body: { status: 'rejected', cause: 'rejection' } });
    expect(await notes()).not.toContain('linked');
  });

  it('withdraws its question when it is cancelled', async () => {
    const { id, approval } = await waitingRun('cancelled');

    const cancelled = await api.call(`/v1/runs/${id}/cancel`, { method: 'POST' });

    expect(cancelled).toMatchObject({ status: 202, body: { id } });
    expect(await final(id)).toMatchObject({ body: { cause: 'cancel' } });
    expect(await notes()).not.toContain('cancelled');
    expect((await approvalsOf('cancelled'))[0]?.status).toBe('withdrawn');
    expect(
      await api.call(`/v1/approvals/${approval.id}/decisions`, { key: ann, body: { decision: 'approve' } }),
    ).toMatchObject({ status: 409 });
  });

  it('is reached by no topic that it does not wait for', async () => {
    const { id } = await waitingRun('topics');

    for (const topic of ['other', '_:review:0', 'u:signed']) {
      expect(await api.call(`/v1/runs/${id}/messages/${encodeURIComponent(topic)}`, { body: {} })).toMatchObject({
        status: 404,
      });
    }
  });

  it('keeps nobody waiting for it when the app closes', async () => {
    const { id } = await waitingRun('closing');
    const key = await api.keyFor('patient', ['viewer']);
    const held = api.call(`/v1/runs/${id}?wait=60s`, { key });
    await until(() => hasBeenUsed('patient'), { what: 'the request to arrive' });

    await api.app.stop();

    expect((await held).status).toBe(200);
  });
});
