// What approvals make of a run: several approvers, changes, questions that are taken back, asked of others, or never answered.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/http/index.ts';
import { until } from '../support/until.ts';
import type { Flow, Part } from '../runs/live/flow.ts';
import { startLiveApp } from '../runs/live/live-app.ts';
import type { Answer, LiveApp } from '../runs/live/live-app.ts';
import { ask, tell } from '../runs/control/verbs.ts';

let live: LiveApp;
const keys = new Map<string, string>();

beforeAll(async () => {
  live = await startLiveApp('asked_of_people');
  for (const user of ['ann', 'bob', 'cat']) {
    const { key } = await createKey(live.knex, { tenant: 'default', user, roles: ['approver', 'lead'] }, 'test');
    keys.set(user, key);
  }
});
afterAll(async () => await live.stop());

const approval = (over: Part = {}): Part => ({
  id: 'review',
  type: 'approval',
  depends_on: ['draft'],
  approval: { title: 'Keep it?', approvers: ['user:ann', 'user:bob', 'role:lead'], timeout: '1h', ...over },
});

const reviewed = (flow: Flow, over: Part = {}, draft: Part = flow.write('text')): Part[] => [
  { id: 'draft', activities: [draft] },
  approval(over),
  { id: 'ship', depends_on: ['review'], activities: [flow.write('shipped')] },
];

async function answer(
  id: string,
  user: string,
  body: Part,
  verb = 'decisions',
): Promise<Answer<Record<string, unknown>>> {
  const authorization = `Bearer ${keys.get(user)}`;
  return await live.call('POST', `/v1/approvals/${id}/${verb}`, body, { authorization });
}

async function kindsOf(runId: string): Promise<string[]> {
  const rows = await live.knex
    .withSchema('breakwater')
    .table('event')
    .select('kind')
    .where('run_id', runId)
    .orderBy('id');
  return rows.map(({ kind }) => String(kind));
}

describe('a quorum', () => {
  it.concurrent('is met by as many different people, whose edits follow one another', async () => {
    const flow = live.flow();
    const chat = {
      name: 'text',
      tool: 'slm',
      action: 'chat_completion',
      with: { messages: [{ role: 'user', content: 'write' }] },
    };
    const id = await flow.start(reviewed(flow, { quorum: 2, editable: ['draft.text'] }, chat), {
      output: { text: '${{ outputs.draft.text }}', review: '${{ outputs.review }}' },
    });
    const question = await flow.question(id);

    const first = await answer(question, 'ann', { decision: 'approve', edits: { 'draft.text': { content: 'A' } } });
    expect(first).toMatchObject({ status: 200, body: { status: 'pending', approvals: 1, quorum: 2 } });
    const again = await answer(question, 'ann', { decision: 'approve' });
    expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining('1 more must') } });
    const second = await answer(question, 'bob', { decision: 'approve', edits: { 'draft.text': { model: 'B' } } });
    expect(second).toMatchObject({ status: 200, body: { status: 'approved', approvals: 2 } });

    expect(await flow.end(id)).toMatchObject({
      status: 'succeeded',
      output: {
        text: { content: 'A', model: 'B' },
        review: { decision: 'approve', by: 'bob', edits: { 'draft.text': { content: 'A', model: 'B' } } },
      },
    });
    expect(await kindsOf(id)).toEqual([
      'approval.opened',
      'approval.voted',
      'approval.answered_again',
      'approval.decided',
    ]);
  });

  it.concurrent('is of no use to what one of them rejects', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow, { quorum: 3 }));
    const question = await flow.question(id);
    await answer(question, 'ann', { decision: 'approve' });

    await answer(question, 'bob', { decision: 'reject', reason: 'no' });

    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'rejection' });
    expect(await answer(question, 'cat', { decision: 'approve' })).toMatchObject({ status: 409 });
    expect(await flow.files()).toEqual([]);
  });
});

describe('a request for changes', () => {
  const rework = (flow: Flow, over: Part = {}): Part[] => [
    { id: 'before', activities: [flow.write('kept')] },
    {
      id: 'draft',
      depends_on: ['before'],
      activities: [
        flow.write('text', {
          with: {
            owner: 'acme',
            repo: 'website',
            path: `${flow.name}/text`,
            content:
              '{{ run.changes | size }}:{% for change in run.changes %}{{ change.by }} {{ change.reason }};{% endfor %}',
          },
        }),
      ],
    },
    { id: 'aside', depends_on: ['before'], activities: [flow.write('aside')] },
    approval({ changes: { to: 'draft', max: 2 }, ...over }),
    { id: 'ship', depends_on: ['review'], activities: [flow.write('shipped')] },
  ];

  it.concurrent('does the module again with what was said, and leaves what is none of its business', async () => {
    const flow = live.flow();
    const id = await flow.start(rework(flow), { output: '${{ size(run.changes) }}' });
    for (const reason of ['shorter', 'longer']) {
      const question = await flow.question(id);
      const asked = await answer(question, 'ann', { decision: 'request_changes', reason });
      expect(asked).toMatchObject({ status: 200, body: { status: 'withdrawn', changes: { to: 'draft', max: 2 } } });
      await until(async () => (await flow.question(id)) !== question, { what: 'another question' });
    }
    const last = await flow.question(id);

    expect(await answer(last, 'ann', { decision: 'request_changes', reason: 'once more' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('2 times') },
    });
    await answer(last, 'bob', { decision: 'approve' });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: 2 });
    expect((await flow.told()).filter((what) => what !== 'write aside')).toEqual([
      'write kept',
      'write text',
      'undo text',
      'write text',
      'undo text',
      'write text',
      'write shipped',
    ]);
    expect((await flow.told()).filter((what) => what === 'write aside')).toHaveLength(1);
    const texts = (await live.sandbox.created()).filter(
      ({ kind, data, deletedAt }) => kind === 'file' && data['path'] === `${flow.name}/text` && !deletedAt,
    );
    expect(texts.map(({ data }) => data['content'])).toEqual(['2:ann shorter;ann longer;']);
  });

  it.concurrent('lets what is under way beside it finish, once', async () => {
    const flow = live.flow();
    await flow.slow('aside', 700);
    const modules = rework(flow).map((part) =>
      part.id === 'aside' ? { ...part, activities: [flow.write('aside'), flow.write('more')] } : part,
    );
    const id = await flow.start(modules);
    const question = await flow.question(id);

    await answer(question, 'ann', { decision: 'request_changes', reason: 'shorter' });
    await until(async () => (await flow.question(id)) !== question, { what: 'another question' });
    await flow.decide(id, { decision: 'approve' });

    expect((await flow.end(id)).status).toBe('succeeded');
    const told = await flow.told();
    expect(told.filter((what) => what.includes('aside') || what.includes('more'))).toEqual([
      'write aside',
      'write more',
    ]);
  });

  it.concurrent('does not go by a failure of what it does again', async () => {
    const flow = live.flow();
    await flow.strike('tried', { fault: 'status', status: 503, times: 1 });
    const retry = { strategy: 'linear', initial_interval: '5m' };
    const modules = rework(flow).map((part) =>
      part.id === 'aside' ? { id: 'aside', depends_on: ['draft'], activities: [flow.write('tried', { retry })] } : part,
    );
    const id = await flow.start(modules);
    const question = await flow.question(id);
    await flow.untilCalled('write tried');

    await answer(question, 'ann', { decision: 'request_changes', reason: 'shorter' });
    await until(async () => (await flow.question(id)) !== question, { what: 'another question' });
    await flow.decide(id, { decision: 'approve' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['kept', 'shipped', 'text', 'tried']);
  });

  it.concurrent('waits for the end of a pause', async () => {
    const flow = live.flow();
    const id = await flow.start(rework(flow));
    const question = await flow.question(id);
    await flow.untilStatus(id, 'waiting');
    await tell(live, 'pause', id);
    await flow.untilStatus(id, 'paused');

    await answer(question, 'ann', { decision: 'request_changes', reason: 'shorter' });
    await flow.untilNode(id, 'review', 'completed');
    expect((await flow.told()).includes('undo text')).toBe(false);
    await tell(live, 'resume', id);

    await flow.decide(id, { decision: 'approve' });
    expect((await flow.end(id)).status).toBe('succeeded');
    expect((await flow.told()).filter((what) => what === 'write text')).toHaveLength(2);
  });

  it.concurrent('is held up by an undo that fails, until that is decided', async () => {
    const flow = live.flow();
    await flow.strike('text', { fault: 'status', status: 422, times: 1 }, 'DELETE');
    const id = await flow.start(rework(flow));

    await answer(await flow.question(id), 'ann', { decision: 'request_changes', reason: 'shorter' });
    expect(await flow.end(id)).toMatchObject({ status: 'compensation_failed', error: { code: 'REWIND' } });
    await tell(live, 'decide', id, { node: 'draft.text', decision: 'retry' });
    await flow.decide(id, { decision: 'approve' });

    expect((await flow.end(id)).status).toBe('succeeded');
  });

  it.concurrent('says what is to be changed, and only where the definition lets it', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow));
    const question = await flow.question(id);

    expect(await answer(question, 'ann', { decision: 'request_changes', reason: 'x' })).toMatchObject({ status: 409 });
    const other = live.flow();
    const silent = await other.question(await other.start(rework(other)));
    expect(await answer(silent, 'ann', { decision: 'request_changes' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/reason' }] },
    });
    const edits = { 'draft.text': {} };
    expect(await answer(silent, 'ann', { decision: 'request_changes', reason: 'x', edits })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/edits' }] },
    });
  });
});

describe('a question that is taken back', () => {
  it.concurrent('fails its node, and the run turns round', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow));
    const question = await flow.question(id);

    const taken = await live.call('POST', `/v1/approvals/${question}/withdraw`, { reason: 'asked by mistake' });

    expect(taken).toMatchObject({ status: 200, body: { status: 'withdrawn' } });
    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      cause: 'failure',
      error: { code: 'APPROVAL_WITHDRAWN', message: expect.stringContaining('by admin: asked by mistake') },
    });
    expect(await answer(question, 'ann', { decision: 'approve' })).toMatchObject({ status: 409 });
    expect(await answer(question, 'ann', {}, 'withdraw')).toMatchObject({ status: 403 });
  });

  it.concurrent('lets a run go on to which it is optional', async () => {
    const flow = live.flow();
    const modules = reviewed(flow).map((part) => (part.id === 'review' ? { ...part, optional: true } : part));
    const id = await flow.start(modules);

    await live.call('POST', `/v1/approvals/${await flow.question(id)}/withdraw`, {});

    expect((await flow.end(id)).status).toBe('succeeded');
  });
});

describe('a question that is asked of others', () => {
  it.concurrent('is theirs to answer from then on', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow, { approvers: ['user:ann'] }));
    const question = await flow.question(id);
    expect(await answer(question, 'bob', { approvers: ['user:bob'] }, 'reassign')).toMatchObject({ status: 403 });

    const moved = await answer(question, 'ann', { approvers: ['user:bob'], reason: 'away' }, 'reassign');

    expect(moved).toMatchObject({ status: 200, body: { status: 'pending', approvers: ['user:bob'] } });
    expect(await answer(question, 'ann', { decision: 'approve' })).toMatchObject({ status: 403 });
    expect(await answer(question, 'bob', { decision: 'approve' })).toMatchObject({ status: 200 });
    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await kindsOf(id)).toContain('approval.reassigned');
  });

  it.concurrent('is refused whom nobody is, and too few for its quorum', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow, { quorum: 2 }));
    const question = await flow.question(id);

    const refused = await answer(question, 'ann', { approvers: ['bob', 'role:'] }, 'reassign');
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/approvers/0' }, { path: '/approvers/1' }] },
    });
    expect(await answer(question, 'ann', { approvers: ['user:bob'] }, 'reassign')).toMatchObject({ status: 422 });
    await live.call('POST', `/v1/runs/${id}/cancel`, {});
  });
});

describe('a question that an operator is asked about when nobody answers', () => {
  const unanswered = async (flow: Flow, timeout = '200ms', over: Part = {}): Promise<string> => {
    const id = await flow.start(reviewed(flow, { timeout, on_timeout: 'ask', ...over }), { on_failure: 'stop' });
    await flow.untilStatus(id, 'held');
    return id;
  };

  it.concurrent('holds the run, and is asked anew by a retry', async () => {
    const flow = live.flow();
    const id = await unanswered(flow, '1500ms');
    expect(await flow.view(id)).toMatchObject({
      cause: 'timeout',
      error: { code: 'APPROVAL_EXPIRED', node: 'review' },
    });

    await tell(live, 'decide', id, { node: 'review', decision: 'retry' });
    await flow.decide(id, { decision: 'approve' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write text', 'write shipped']);
  });

  it.concurrent('is decided by the operator who skips it with a decision', async () => {
    const flow = live.flow();
    const id = await unanswered(flow);
    expect(
      await ask(live, 'decide', id, { node: 'review', decision: 'skip', value: { decision: 'maybe' } }),
    ).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/value/decision' }] },
    });

    await tell(live, 'decide', id, { node: 'review', decision: 'skip', value: { decision: 'reject', reason: 'late' } });

    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'rejection' });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('ends the run as rejected when the operator has it taken back', async () => {
    const flow = live.flow();
    const id = await unanswered(flow);

    await tell(live, 'decide', id, { node: 'review', decision: 'compensate' });

    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'timeout' });
    expect(await flow.told()).toEqual(['write text', 'undo text']);
  });
});

describe('an answer that is not taken', () => {
  it.concurrent('is kept: late ones and second ones with the run, those of strangers in the audit', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow, { approvers: ['user:ann'], timeout: '300ms', on_timeout: 'ask' }));
    const question = await flow.question(id);
    expect((await answer(question, 'bob', { decision: 'approve' })).status).toBe(403);
    await flow.untilStatus(id, 'held');

    expect((await answer(question, 'ann', { decision: 'approve', reason: 'sorry' })).status).toBe(410);

    const events = await live.knex
      .withSchema('breakwater')
      .table('event')
      .where({ run_id: id, kind: 'approval.answered_late' });
    expect(events).toMatchObject([
      { node: 'review', data: { by: 'ann', decision: 'approve', via: 'api', reason: 'sorry' } },
    ]);
    const audit = await live.knex.withSchema('breakwater').table('audit').where({ subject: question }).orderBy('id');
    expect(audit.map(({ actor, action }) => `${String(actor)} ${String(action)}`)).toEqual([
      'bob approval.refused',
      'ann approval.answered_late',
    ]);
  });
});

// One a test: each shows what this one does instead.
describe('faults that approval engines are known for', () => {
  it.concurrent('a wait that its own run cannot outlive: the definition is refused', async () => {
    const flow = live.flow();
    const source = flow.yaml(reviewed(flow, { timeout: '24h' }), { timeout: '2h' });

    const { status, body } = await live.publish(source);

    expect(status).toBe(422);
    expect(JSON.stringify(body)).toContain('waits up to 1d, but the run ends after 2h');
  });

  it.concurrent('approvals that cannot be refused: a signal rejects, and what was done is taken back', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow));
    await flow.question(id);

    const signal = await live.call('POST', `/v1/workflows/${id}/signals/reject`, { reason: 'no' });

    expect(signal).toMatchObject({ status: 200, body: { status: 'rejected' } });
    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'rejection' });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('edits that are kept and never used: what comes after acts on them', async () => {
    const flow = live.flow();
    const draft = { name: 'text', tool: 'slm', action: 'chat_completion', with: { prompt: 'write' } };
    const own = {
      owner: 'acme',
      repo: 'website',
      path: `${flow.name}/out`,
      content: '{{ outputs.draft.text.content }}',
    };
    const id = await flow.start([
      { id: 'draft', activities: [draft] },
      approval({ editable: ['draft.text'] }),
      { id: 'ship', depends_on: ['review'], activities: [flow.write('out', { with: own })] },
    ]);

    await flow.decide(id, { decision: 'approve', edits: { 'draft.text': { content: 'as amended' } } });
    expect((await flow.end(id)).status).toBe('succeeded');

    const made = await live.sandbox.created();
    const shipped = made.filter(({ kind, data }) => kind === 'file' && data['path'] === `${flow.name}/out`);
    expect(shipped.map(({ data }) => data['content'])).toEqual(['as amended']);
  });

  it.concurrent('the same approver counted twice: a second approval of theirs is none', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow, { quorum: 2 }));
    const question = await flow.question(id);

    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => await answer(question, 'ann', { decision: 'approve' })),
    );

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(4);
    expect((await flow.view(id)).finishedAt).toBeUndefined();
    await live.call('POST', `/v1/runs/${id}/cancel`, {});
  });

  it.concurrent('a requester whose own approval blocks for ever: it is refused, and others decide', async () => {
    const flow = live.flow();
    await flow.publish(reviewed(flow));
    const { key } = await createKey(
      live.knex,
      { tenant: 'default', user: 'sam', roles: ['starter', 'approver', 'lead'] },
      'test',
    );
    const authorization = `Bearer ${key}`;
    const started = await live.call('POST', '/v1/runs', { workflow: flow.name, input: {} }, { authorization });
    const id = String(started.body['id']);
    const question = await flow.question(id);

    const own = await live.call(
      'POST',
      `/v1/approvals/${question}/decisions`,
      { decision: 'approve' },
      { authorization },
    );
    expect(own.status).toBe(403);
    expect(await answer(question, 'bob', { decision: 'approve' })).toMatchObject({ status: 200 });
    expect((await flow.end(id)).status).toBe('succeeded');
  });

  it.concurrent('a decision that something later writes over: it stays as it was made', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow));
    const question = await flow.question(id);
    await answer(question, 'ann', { decision: 'reject', reason: 'no' });

    const late = await Promise.all([
      answer(question, 'bob', { decision: 'approve' }),
      answer(question, 'bob', { approvers: ['user:cat'] }, 'reassign'),
      live.call('POST', `/v1/approvals/${question}/withdraw`, {}),
      live.call('POST', `/v1/workflows/${id}/signals/approve`, {}),
    ]);

    expect(late.map(({ status }) => status)).toEqual([409, 409, 409, 409]);
    expect((await flow.end(id)).status).toBe('rejected');
    const shown = await live.call('GET', `/v1/approvals/${question}`);
    expect(shown.body).toMatchObject({ status: 'rejected', decisions: [{ by: 'ann', decision: 'reject' }] });
  });
});
