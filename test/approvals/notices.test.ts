// People are told of an approval where its definition says, once each, and of what became of it. Real app, real Postgres, the vendors' doubles.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../sandbox/index.ts';
import { startLiveApp, type LiveApp } from '../runs/live/live-app.ts';
import { execute } from '../support/database.ts';
import { until } from '../support/until.ts';

let live: LiveApp;

beforeAll(async () => {
  live = await startLiveApp('notices');
});

afterAll(async () => await live.stop());

beforeEach(async () => {
  await live.sandbox.call('POST', '/_reset');
});

let asked = 0;

/** A run that asks a question with these keys beside the usual ones. */
async function ask(telling: string, approvers = '["role:lead", "user:ann"]'): Promise<{ runId: string; id: string }> {
  const name = `asks-${++asked}`;
  const published = await live.publish(`
workflow: { name: ${name}, version: "1.0.0", timeout: 2h }
modules:
  - id: review
    type: approval
    approval:
      title: "Ship <b>it</b>, {{ input.who }}?"
      body: "Read & decide."
      approvers: ${approvers}
      allow_requester: true
      timeout: 1h
${telling}
`);
  expect(published).toMatchObject({ status: 201 });
  const { body } = await live.call('POST', '/v1/runs', { workflow: name, input: { who: 'all' } });
  const runId = String(body.id);
  const id = await until(
    async () => {
      const { rows } = await execute(live.databaseUrl, `select id from breakwater.approval where run_id = '${runId}'`);
      return rows[0]?.['id'];
    },
    { what: 'the question' },
  );
  return { runId, id: String(id) };
}

async function decide(id: string, decision: 'approve' | 'reject'): Promise<void> {
  const { status } = await live.call('POST', `/v1/approvals/${id}/decisions`, { decision, reason: 'Reads well' });
  expect(status).toBe(200);
}

async function notices(id: string): Promise<Record<string, unknown>[]> {
  const { rows } = await execute(
    live.databaseUrl,
    `select kind, tool, target, approver, state, external_id, error ->> 'code' as code, attempt
       from breakwater.approval_notice where approval_id = '${id}' order by ordinal`,
  );
  return rows;
}

const untilNotices = async (id: string, ...states: readonly string[]): Promise<Record<string, unknown>[]> =>
  await until(
    async () => {
      const rows = await notices(id);
      return rows.map(({ state }) => state).join() === states.join() && rows;
    },
    { what: `notices ${states.join(', ')}` },
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: they are ${JSON.stringify(await notices(id))}`);
  });

async function eventsOf(runId: string, kind: string): Promise<Record<string, unknown>[]> {
  const { rows } = await execute(
    live.databaseUrl,
    `select data from breakwater.event where run_id = '${runId}' and kind = '${kind}' order by id`,
  );
  return rows.map(({ data }) => data as Record<string, unknown>);
}

const told = async (kind: 'message' | 'mail'): Promise<LedgerEntry[]> =>
  (await live.sandbox.created()).filter((entry) => entry.kind === kind);

interface Told {
  readonly subject: string;
  readonly text: string;
  readonly blocks: readonly { readonly type: string; readonly elements?: readonly { readonly action_id: string }[] }[];
}

const contentOf = (entry: LedgerEntry | undefined): Told => (entry?.data ?? {}) as unknown as Told;

const actionsIn = (message: LedgerEntry | undefined): unknown[] =>
  contentOf(message)
    .blocks.filter(({ type }) => type === 'actions')
    .flatMap(({ elements = [] }) => elements.map((each) => each.action_id));

const linkIn = (mail: LedgerEntry | undefined): string =>
  /https?:\/\/\S+\/approve\/\S+/.exec(contentOf(mail).text)?.[0] ?? '';

const BOTH = `      notify:
        - { tool: slack, to: "#marketing-reviews" }
        - { tool: sendgrid, to: "{{ input.who }}@example.com", as: "user:ann" }`;

describe('an approval with notify', () => {
  it('is told at Slack with buttons and by mail with a link, once each', async () => {
    const { id, runId } = await ask(BOTH);

    await untilNotices(id, 'sent', 'sent');

    const [message, ...more] = await told('message');
    const [mail, ...others] = await told('mail');
    expect([...more, ...others]).toEqual([]);
    expect(message?.data).toMatchObject({
      channel_name: 'marketing-reviews',
      text: 'Approval requested: Ship &lt;b&gt;it&lt;/b&gt;, all?',
    });
    expect(actionsIn(message)).toEqual(['breakwater_approve', 'breakwater_reject']);
    expect(JSON.stringify(message?.data)).not.toContain('/approve/');
    expect(mail?.data).toMatchObject({
      to: ['all@example.com'],
      subject: 'Approval requested: Ship <b>it</b>, all?',
      html: expect.stringContaining('Ship &lt;b&gt;it&lt;/b&gt;, all?'),
      click_tracking: false,
    });
    const tools = (await eventsOf(runId, 'approval.notified')).map(({ tool }) => tool);
    expect(new Set(tools)).toEqual(new Set(['slack', 'sendgrid']));
  });

  it('is put to Slack once more when others are asked, and shows the decision in both places', async () => {
    const { id } = await ask(BOTH);
    await untilNotices(id, 'sent', 'sent');

    const to = { approvers: ['role:legal'], reason: 'Legal decides' };
    expect(await live.call('POST', `/v1/approvals/${id}/reassign`, to)).toMatchObject({ status: 200 });

    await untilNotices(id, 'sent', 'sent', 'sent');
    expect((await notices(id)).at(-1)).toMatchObject({ kind: 'asked', tool: 'slack', target: '#marketing-reviews' });
    expect(await told('message')).toHaveLength(2);
    await decide(id, 'approve');
    await untilNotices(id, 'sent', 'sent', 'sent', 'sent', 'sent');
    expect((await told('message')).flatMap(actionsIn)).toEqual([]);
  });

  it('sends a link that decides as the one it speaks for', async () => {
    const { id, runId } = await ask(BOTH);
    await untilNotices(id, 'sent', 'sent');
    const [mail] = await told('mail');
    const link = linkIn(mail);

    const page = await fetch(link);
    const form = { method: 'POST', body: new URLSearchParams({ decision: 'approve' }) };
    const decided = await fetch(link, form);

    expect(await page.text()).toContain('Ship &lt;b&gt;it&lt;/b&gt;, all?');
    expect(decided.status).toBe(200);
    expect(await eventsOf(runId, 'approval.decided')).toMatchObject([{ by: 'ann', via: 'link' }]);
  });

  it('keeps the link nowhere', async () => {
    const { id } = await ask(BOTH);
    await untilNotices(id, 'sent', 'sent');
    const [mail] = await told('mail');
    const token = linkIn(mail).split('/approve/')[1] ?? 'no token';

    expect(token.length).toBeGreaterThan(100);
    expect(await tablesThatHold(token)).toEqual([]);
    expect(await tablesThatHold(id)).toContain('breakwater.approval_notice');
  });

  it('replaces the buttons at Slack by the decision', async () => {
    const { id } = await ask(BOTH);
    await untilNotices(id, 'sent', 'sent');

    await decide(id, 'approve');

    await untilNotices(id, 'sent', 'sent', 'sent');
    const [message, ...more] = await told('message');
    expect(more).toEqual([]);
    expect(actionsIn(message)).toEqual([]);
    expect(JSON.stringify(message?.data['blocks'])).toMatch(/Approved by .*Reads well/);
  });

  it('reminds, and tells nobody any more once it is settled', async () => {
    const { id } = await ask(`${BOTH}\n      remind_at: [1s, 30m]`);

    await untilNotices(id, 'sent', 'sent', 'sent', 'sent', 'due', 'due');
    await decide(id, 'reject');

    await untilNotices(id, 'sent', 'sent', 'sent', 'sent', 'dropped', 'dropped', 'sent', 'sent');
    const messages = await told('message');
    expect(messages.map(actionsIn)).toEqual([[], []]);
    expect((await told('mail')).map((mail) => contentOf(mail).subject.split(':')[0])).toEqual([
      'Approval requested',
      'Still waiting for an answer',
    ]);
  });

  it('asks more people when nobody has answered, and tells them', async () => {
    const { id, runId } = await ask(`      notify: [{ tool: slack, to: marketing }]
      escalate:
        - { after: 1s, to: ["role:director", "user:ann"], notify: [{ tool: sendgrid, to: "dora@example.com" }] }`);

    await untilNotices(id, 'sent', 'sent', 'sent');

    const { body } = await live.call('GET', `/v1/approvals/${id}`);
    expect(body.approvers).toEqual(['role:lead', 'user:ann', 'role:director']);
    expect(await eventsOf(runId, 'approval.escalated')).toMatchObject([{ to: ['role:director', 'user:ann'] }]);
    const [mail] = await told('mail');
    expect(mail?.data).toMatchObject({ to: ['dora@example.com'] });
    const decided = await fetch(linkIn(mail), { method: 'POST', body: new URLSearchParams({ decision: 'approve' }) });
    expect(decided.status).toBe(200);
    expect(await eventsOf(runId, 'approval.decided')).toMatchObject([{ by: 'holder of role:director' }]);
  });
});

describe('a notice that cannot be sent', () => {
  it('is told in the history and holds nothing up', async () => {
    const { id, runId } = await ask('      notify: [{ tool: slack, to: "#nowhere" }]');

    const [failed] = await untilNotices(id, 'failed');

    expect(failed).toMatchObject({ code: 'SLACK_CHANNEL_NOT_FOUND', attempt: 1 });
    expect(await eventsOf(runId, 'approval.notice_failed')).toMatchObject([
      { tool: 'slack', to: '#nowhere', error: { code: 'SLACK_CHANNEL_NOT_FOUND' } },
    ]);
    await decide(id, 'approve');
    expect((await live.call('GET', `/v1/runs/${runId}?wait=10s`)).body).toMatchObject({ status: 'succeeded' });
  });

  it('because its address is none fails at once, and the others are told', async () => {
    const { id, runId } = await ask(`      notify:
        - { tool: sendgrid, to: "{{ input.who }}" }
        - { tool: slack, to: "\${{ input.nobody }}" }
        - { tool: slack, to: marketing }`);

    const rows = await untilNotices(id, 'failed', 'failed', 'sent');

    expect(rows.map(({ code }) => code)).toEqual(['EXPRESSION', 'EXPRESSION', null]);
    expect(await eventsOf(runId, 'approval.notice_failed')).toHaveLength(2);
  });

  it('is tried again, and reaches its channel once although an answer was lost', async () => {
    const lost = { fault: 'reset_after_effect', times: 1 } as const;
    await live.sandbox.fault({ vendor: 'slack', match: { path: '/api/chat.postMessage' }, ...lost });
    await live.sandbox.fault({ vendor: 'sendgrid', match: { path: '/v3/mail/send' }, ...lost });
    const { id } = await ask(BOTH);

    const rows = await untilNotices(id, 'sent', 'sent');

    expect(rows.map(({ attempt }) => attempt)).toEqual([2, 2]);
    expect([await told('message'), await told('mail')].map((sent) => sent.length)).toEqual([1, 1]);
  });
});

describe('a notice that another executor has taken', () => {
  it('is left to it while it lives, and found when it is gone', async () => {
    const { id } = await ask('      notify: [{ tool: slack, to: marketing }]');
    await untilNotices(id, 'sent');
    const notice = live.knex.withSchema('breakwater').table('approval_notice');
    const again = { approval_id: id, tenant: 'default', kind: 'asked', tool: 'slack', target: 'marketing' };
    const executors = live.knex.withSchema('breakwater').table('executor');
    const other = { id: 'exec-other', host: 'elsewhere', pid: 1, role: 'worker', protocol: 'breakwater-3' };
    const now = live.knex.raw('clock_timestamp()');
    await executors.clone().insert({ ...other, expires_at: live.knex.raw(`clock_timestamp() + interval '1 hour'`) });
    await notice.clone().insert({ ...again, ordinal: 1, due_at: now, state: 'sending', holder: other.id, attempt: 1 });

    // A later one is sent: whoever looked saw the other too.
    await notice.clone().insert({ ...again, ordinal: 2, due_at: now });
    await untilNotices(id, 'sent', 'sending', 'sent');
    await executors.clone().where({ id: other.id }).update({ expires_at: now });

    await untilNotices(id, 'sent', 'sent', 'sent');
    expect(await told('message')).toHaveLength(3);
  });
});

/** The tables with a row in which this text stands. */
async function tablesThatHold(text: string): Promise<string[]> {
  const { rows: tables } = await execute(
    live.databaseUrl,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('breakwater', 'dbos')`,
  );
  const found = [];
  for (const { name } of tables) {
    const { rows } = await execute(
      live.databaseUrl,
      `select 1 from ${String(name)} as t where position('${text}' in t::text) > 0 limit 1`,
    );
    if (rows.length > 0) found.push(String(name));
  }
  return found;
}
