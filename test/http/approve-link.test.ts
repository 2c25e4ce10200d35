import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getApproval, openApproval, signLink, type LinkClaims, type NewApproval } from '../../src/approvals/index.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { LINK_KEY, startTestApp, type RunningApp } from './running-app.ts';

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_link');
});

afterAll(() => api.stop());

const DRAFT = { headline: 'Spring <b>now</b>', outline: ['One', 'Two'], score: 7 };

async function ask(over: Partial<NewApproval> = {}, claims: Partial<LinkClaims> = {}) {
  const runId = await insertWaitingRun(api.knex, 'default');
  await api.knex
    .withSchema('dbos')
    .table('operation_outputs')
    .insert({
      workflow_uuid: runId,
      function_id: 4_097,
      function_name: 'write.draft',
      output: JSON.stringify({ json: { outcome: { ok: true, value: DRAFT } } }),
    });
  const question = aQuestion({ tenant: 'default', runId, title: 'Ship <Spring>?', body: 'Please read it.', ...over });
  const { id, deadlineMs } = await api.knex.transaction((trx) => openApproval(trx, question));
  const signed = {
    tenant: 'default',
    runId,
    approvalId: id,
    approver: 'user:ann',
    expiresAt: new Date(deadlineMs),
    ...claims,
  };
  return { id, path: `/approve/${signLink(signed, LINK_KEY)}` };
}

function open(path: string) {
  return api.call(path, { key: null });
}

function submit(path: string, fields: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return api.call(path, { method: 'POST', key: null, body: new URLSearchParams(fields).toString(), headers });
}

function hidden(text: string, name: string): string {
  return text.split(`<input type="hidden" name="${name}" value="`)[1]?.split('">')[0] ?? '';
}

async function statusOf(id: string) {
  return (await getApproval(api.knex, 'default', id)).status;
}

describe('GET /approve/{token}', () => {
  it('shows the question with the texts to edit, escaped, and no script', async () => {
    const { path } = await ask();

    const page = await open(path);

    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const text of [
      'Ship &lt;Spring&gt;?',
      'Please read it.',
      'sam',
      'ann',
      'Spring &lt;b&gt;now&lt;/b&gt;',
      'One\nTwo',
    ]) {
      expect(page.text).toContain(text);
    }
    expect(page.text).not.toMatch(/<script|<b>now|https?:\/\//);
  });

  it('may not be stored, framed, referred from or run anything', async () => {
    const { path } = await ask();

    const { headers } = await open(path);

    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-robots-tag')).toBe('noindex');
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule);
    expect(policy).not.toMatch(/unsafe|script-src/);
  });

  it('allows exactly the stylesheet it carries', async () => {
    const { path } = await ask();

    const { text, headers } = await open(path);

    const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
  });

  it('decides nothing, however often it is visited', async () => {
    const { id, path } = await ask();

    for (let visit = 0; visit < 3; visit++) await open(path);
    await api.call(path, { method: 'HEAD', key: null });
    await open(`${path}?decision=approve`);

    expect(await statusOf(id)).toBe('pending');
  });
});

describe('POST /approve/{token}', () => {
  it('approves as the one the link was made for, with what was edited', async () => {
    const { id, path } = await ask();
    const fields = {
      decision: 'approve',
      reason: 'nice',
      'edit:["write.draft","headline"]': 'Summer\r\nnow',
      'edit:["write.draft","outline"]': 'One\r\nThree\r\n',
      'edit:["write.draft","score"]': '100',
      'edit:["pay.charge","amount"]': '0',
    };

    const page = await submit(path, fields);

    expect(page).toMatchObject({ status: 200 });
    expect(page.text).toContain('Approved');
    const { status, decisions } = await getApproval(api.knex, 'default', id);
    const edits = { 'write.draft': { headline: 'Summer\nnow', outline: ['One', 'Three'] } };
    expect({ status, decisions }).toMatchObject({
      status: 'approved',
      decisions: [{ by: 'ann', via: 'link', reason: 'nice', edits }],
    });
  });

  it('sends no edits when nothing was changed', async () => {
    const { id, path } = await ask();

    await submit(path, {
      decision: 'approve',
      reason: '',
      'edit:["write.draft","headline"]': DRAFT.headline,
      'edit:["write.draft","outline"]': 'One\r\nTwo',
    });

    expect((await getApproval(api.knex, 'default', id)).decisions).toMatchObject([{ edits: null, reason: null }]);
  });

  const EDITED = { 'edit:["write.draft","headline"]': 'Summer <b>now</b>' };

  it('from the page shows changes before it takes them, and takes exactly those', async () => {
    const { id, path } = await ask();
    const seen = hidden((await open(path)).text, 'seen');

    const changes = await submit(path, { decision: 'approve', seen, ...EDITED, reason: 'better' });
    const reviewed = hidden(changes.text, 'reviewed');
    const others = { 'edit:["write.draft","headline"]': 'Autumn' };
    const unseen = await submit(path, { decision: 'approve', seen, reviewed, ...others });
    expect(await statusOf(id)).toBe('pending');
    const done = await submit(path, { decision: 'approve', seen, reviewed, ...EDITED, reason: 'better' });

    expect(changes.text).toContain('<del>Spring</del><ins>Summer</ins> &lt;b&gt;now&lt;/b&gt;');
    expect(hidden(changes.text, 'edit:[&quot;write.draft&quot;,&quot;headline&quot;]')).toBe(
      'Summer &lt;b&gt;now&lt;/b&gt;',
    );
    expect(unseen.text).toContain('<ins>Autumn');
    expect(done.text).toContain('Approved');
    expect((await getApproval(api.knex, 'default', id)).decisions).toMatchObject([
      { reason: 'better', edits: { 'write.draft': { headline: 'Summer <b>now</b>' } } },
    ]);
  });

  it('keeps what was typed when one goes back to editing, and says when there is nothing to review', async () => {
    const { id, path } = await ask();
    const seen = hidden((await open(path)).text, 'seen');

    const again = await submit(path, { decision: 'edit', seen, ...EDITED });
    const nothing = await submit(path, { decision: 'review', seen });

    expect(again.text).toContain('Summer &lt;b&gt;now&lt;/b&gt;</textarea>');
    expect(nothing.text).toContain('Nothing was changed.');
    expect(await statusOf(id)).toBe('pending');
  });

  it('tells that somebody else edited meanwhile, and compares with what is there now', async () => {
    const { id, path } = await ask();
    const seen = hidden((await open(path)).text, 'seen');
    const edits = { 'write.draft': { headline: 'Winter <b>now</b>' } };
    await api.knex
      .withSchema('breakwater')
      .table('approval')
      .where({ id })
      .update({ draft_edits: JSON.stringify(edits) });

    const changes = await submit(path, { decision: 'approve', seen, ...EDITED });

    expect(changes.text).toContain('Somebody else edited the content meanwhile');
    expect(changes.text).toContain('<del>Winter</del><ins>Summer</ins>');
    expect(await statusOf(id)).toBe('pending');
  });

  it('rejects and leaves edits aside', async () => {
    const { id, path } = await ask();

    await submit(path, { decision: 'reject', 'edit:["write.draft","headline"]': 'changed' });

    expect(await getApproval(api.knex, 'default', id)).toMatchObject({
      status: 'rejected',
      decisions: [{ edits: null }],
    });
  });

  it('decides once: used again it answers 409', async () => {
    const { id, path } = await ask();
    await submit(path, { decision: 'reject' });

    expect(await submit(path, { decision: 'approve' })).toMatchObject({ status: 409 });
    expect(await statusOf(id)).toBe('rejected');
    expect((await open(path)).text).toContain('Rejected by ann');
  });

  it('takes what the form asks for and shows the page again when it does not fit', async () => {
    const form = {
      type: 'object',
      required: ['budget'],
      properties: { budget: { type: 'number' }, rush: { type: 'boolean' } },
    };
    const { id, path } = await ask({ form });

    const refused = await submit(path, { decision: 'approve', 'form:budget': 'plenty', reason: 'kept <typed>' });
    const taken = await submit(path, { decision: 'approve', 'form:budget': '12.5', 'form:rush': 'on' });

    expect(refused.status).toBe(422);
    expect(refused.text).toContain('/form/budget');
    expect(refused.text).toContain('kept &lt;typed&gt;');
    expect(taken.status).toBe(200);
    expect((await getApproval(api.knex, 'default', id)).decisions).toMatchObject([
      { form: { budget: 12.5, rush: true } },
    ]);
  });

  it('needs a decision, and a form as browsers send it', async () => {
    const { id, path } = await ask();

    expect((await submit(path, { reason: 'none' })).status).toBe(422);
    expect((await api.call(path, { key: null, body: { decision: 'approve' } })).status).toBe(415);
    expect(await statusOf(id)).toBe('pending');
  });
});

describe('a link', () => {
  it('that was changed, or signed with another key, opens nothing', async () => {
    const { id, path } = await ask();
    const token = path.slice('/approve/'.length);
    const foreign = signLink(
      { tenant: 'default', runId: 'r', approvalId: id, approver: 'user:ann', expiresAt: new Date(Date.now() + 60_000) },
      'not-the-key-of-this-app',
    );

    for (const bad of [`${token}x`, token.slice(0, -1), token.slice(1), token.replace('.', ''), foreign, 'x', 'a.b']) {
      expect((await open(`/approve/${bad}`)).status).toBe(403);
      expect((await submit(`/approve/${bad}`, { decision: 'approve' })).status).toBe(403);
    }
    expect(await statusOf(id)).toBe('pending');
  });

  it('that has expired answers 410', async () => {
    const { id, path } = await ask({ timeoutMs: 0 });

    expect((await open(path)).status).toBe(410);
    expect((await submit(path, { decision: 'approve' })).status).toBe(410);
    expect(await statusOf(id)).toBe('pending');
  });

  it.each([
    ['another tenant', { tenant: 'rival' }, 404],
    ['another run', { runId: 'run_other' }, 403],
    ['an approval that is not there', { approvalId: 'apr_none' }, 404],
    ['someone who is not asked', { approver: 'user:eve' }, 403],
  ])('that is signed for %s decides nothing', async (_whom, claims, status) => {
    const { id, path } = await ask({}, claims);

    expect((await submit(path, { decision: 'approve' })).status).toBe(status);
    expect(await statusOf(id)).toBe('pending');
  });

  it('for a role decides as its holder', async () => {
    const { id, path } = await ask({}, { approver: 'role:lead' });

    await submit(path, { decision: 'approve' });

    expect(await getApproval(api.knex, 'default', id)).toMatchObject({
      status: 'approved',
      decisions: [{ by: 'holder of role:lead' }],
    });
  });

  it('for a role rejects what several must approve, and is no approval of one of them', async () => {
    const { id, path } = await ask({ quorum: 2 }, { approver: 'role:lead' });

    const refused = await submit(path, { decision: 'approve' });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('Approve by a key or a link of your own');
    expect(await statusOf(id)).toBe('pending');

    expect((await submit(path, { decision: 'reject' })).status).toBe(200);
    expect(await statusOf(id)).toBe('rejected');
  });
});
