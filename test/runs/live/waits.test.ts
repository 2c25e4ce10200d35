// What a run waits for: people, messages, times; and what each answer makes of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendInTransaction, wakeTopic } from '../../../src/durable/index.ts';
import { until } from '../../support/until.ts';
import type { Flow, Part } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_waits');
});
afterAll(async () => await live.stop());

const approval = (over: Part = {}): Part => ({
  id: 'review',
  type: 'approval',
  depends_on: ['draft'],
  approval: { title: 'Keep it?', approvers: ['user:ann'], timeout: '1h', ...over },
});

/** Something to review, the question, and what follows it. */
const reviewed = (flow: Flow, over: Part = {}): Part[] => [
  { id: 'draft', activities: [flow.write('text')] },
  approval(over),
  { id: 'ship', depends_on: ['review'], activities: [flow.write('shipped')] },
];

const message = (over: Part = {}): Part => ({ id: 'signed', type: 'wait', wait: { message: 'signed', ...over } });

async function send(runId: string, body: unknown, topic = 'signed'): Promise<number> {
  return (await live.call('POST', `/v1/runs/${runId}/messages/${topic}`, body)).status;
}

describe('an approval', () => {
  it.concurrent('lets the run go on when it is given, and says who decided', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow), { output: '${{ outputs.review }}' });
    await flow.question(id);

    expect(await flow.told()).toEqual(['write text']);
    await flow.decide(id, { decision: 'approve', reason: 'fine' });

    expect(await flow.end(id)).toMatchObject({
      status: 'succeeded',
      output: { decision: 'approve', by: 'admin', reason: 'fine', edits: null, form: null, at: expect.any(String) },
    });
    expect(await flow.files()).toEqual(['shipped', 'text']);
  });

  it.concurrent('is decided by its row alone, whatever a wake says', async () => {
    const flow = live.flow();
    const runId = await flow.start(reviewed(flow));
    const forged = { approval: await flow.question(runId), decision: 'approve' };
    const wake = { runId, topic: wakeTopic('review', 0), value: forged, key: 'forged' };
    const wakes = live.knex.withSchema('dbos').table('notifications');

    await live.knex.transaction(async (trx) => await sendInTransaction(trx, wake));
    await until(
      async () =>
        (await wakes.clone().first('topic').where('destination_uuid', runId).where('consumed', false)) === undefined,
      {
        what: 'the wake to be taken',
      },
    );
    await flow.decide(runId, { decision: 'reject', reason: 'no' });

    expect(await flow.end(runId)).toMatchObject({ status: 'rejected' });
    expect(await flow.told()).toEqual(['write text', 'undo text']);
  });

  it.concurrent('turns the run round when it is refused', async () => {
    const flow = live.flow();
    const id = await flow.start(reviewed(flow), { on_failure: 'stop' });

    await flow.decide(id, { decision: 'reject', reason: 'no' });

    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'rejection' });
    expect(await flow.told()).toEqual(['write text', 'undo text']);
    expect(await flow.statuses(id)).toEqual({
      'draft.text': 'compensated',
      review: 'completed',
      'ship.shipped': 'skipped',
    });
  });

  it.concurrent('ends the run as rejected, with cause timeout, when nobody answers in time', async () => {
    const flow = live.flow();

    const id = await flow.start(reviewed(flow, { timeout: '700ms' }));

    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'timeout' });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('is given by silence where on_timeout says so', async () => {
    const flow = live.flow();

    const id = await flow.start(reviewed(flow, { timeout: '700ms', on_timeout: 'approve' }), {
      output: '${{ outputs.review }}',
    });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { decision: 'approve', by: null } });
    expect(await flow.files()).toEqual(['shipped', 'text']);
  });

  it.concurrent('shows its edits to what is behind it and to the output, and to nobody else', async () => {
    const flow = live.flow();
    const shows = (name: string): Part => ({
      ...flow.write(name),
      with: { ...(flow.write(name).with as Part), content: '{{ outputs.draft.text.path }}' },
    });
    await flow.slow('text', 200);
    const id = await flow.start(
      [
        { id: 'draft', activities: [flow.write('text')] },
        approval({ editable: ['draft.text'] }),
        { id: 'pause', type: 'wait', depends_on: ['draft'], wait: message().wait },
        { id: 'beside', depends_on: ['pause'], activities: [shows('beside')] },
        { id: 'behind', depends_on: ['review'], activities: [shows('behind')] },
      ],
      { output: '${{ outputs.draft.text }}' },
    );

    await flow.decide(id, { decision: 'approve', edits: { 'draft.text': { path: 'edited' } } });
    await flow.untilCalled('write behind');
    await send(id, {});

    expect(await flow.end(id)).toMatchObject({ output: { path: 'edited', branch: 'main' } });
    expect(await contentOf(flow, 'behind')).toBe('edited');
    expect(await contentOf(flow, 'beside')).toBe(`${flow.name}/text`);
  });

  it.concurrent('undoes what was really done, not what it was edited to', async () => {
    const flow = live.flow();
    await flow.strike('shipped', { fault: 'status', status: 422 });
    const undo = { action: 'delete_file', with: { owner: 'acme', repo: 'website', path: '${{ result.path }}' } };
    const id = await flow.start([
      { id: 'draft', activities: [flow.write('text', { compensation: undo })] },
      approval({ editable: ['draft.text'] }),
      { id: 'ship', depends_on: ['review'], activities: [flow.write('shipped')] },
    ]);

    await flow.decide(id, { decision: 'approve', edits: { 'draft.text': { path: 'somewhere/else' } } });

    expect(await flow.end(id)).toMatchObject({ status: 'compensated' });
    expect(await flow.files()).toEqual([]);
  });
});

async function contentOf(flow: Flow, name: string): Promise<unknown> {
  const files = await live.sandbox.created();
  return files.find(({ data }) => data.path === `${flow.name}/${name}`)?.data.content;
}

describe('a wait for a message', () => {
  it.concurrent('ends with the message that comes', async () => {
    const flow = live.flow();
    const id = await flow.start([message()], { output: '${{ outputs.signed }}' });
    await flow.untilStatus(id, 'waiting');

    expect(await send(id, { by: 'law' })).toBe(202);

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { by: 'law' } });
  });

  it.concurrent('finds a message that was there before it', async () => {
    const flow = live.flow();
    await flow.slow('text', 800);
    const id = await flow.start(
      [
        { id: 'draft', activities: [flow.write('text')] },
        { ...message(), depends_on: ['draft'] },
      ],
      { output: '${{ outputs.signed }}' },
    );
    await flow.untilCalled('write text');

    expect(await send(id, 'early')).toBe(202);

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: 'early' });
  });

  it.concurrent.each([{ body: null }, { body: 0 }, { body: false }, { body: '' }, { body: [] }])(
    'takes $body for a message',
    async ({ body }) => {
      const flow = live.flow();
      const id = await flow.start([message()], { output: { got: '${{ outputs.signed }}' } });

      expect(await send(id, body)).toBe(202);

      expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { got: body } });
    },
  );

  it.concurrent('takes one of two and leaves the other to the next', async () => {
    const flow = live.flow();
    const again = { ...message(), id: 'again', depends_on: ['signed'] };
    const id = await flow.start([message(), again], {
      output: ['${{ outputs.signed }}', '${{ outputs.again }}'],
    });

    await send(id, 'first');
    await flow.untilNode(id, 'signed', 'completed');
    expect((await flow.view(id)).finishedAt).toBeUndefined();
    await send(id, 'second');

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: ['first', 'second'] });
  });

  it.concurrent('shares messages among nodes that wait side by side, one each', async () => {
    const flow = live.flow();
    const names = ['a', 'b', 'c'];
    const id = await flow.start(
      names.map((name) => ({ ...message(), id: name })),
      { output: names.map((name) => `\${{ outputs.${name} }}`) },
    );
    await flow.untilStatus(id, 'waiting');

    await Promise.all([1, 2, 3].map(async (number) => await send(id, number)));

    const { output } = await flow.end(id);
    expect(new Set(output as number[])).toEqual(new Set([1, 2, 3]));
  });

  it.concurrent('fails when none comes in time', async () => {
    const flow = live.flow();

    const run = await flow.run([
      { id: 'draft', activities: [flow.write('text')] },
      { ...message({ timeout: '500ms' }), depends_on: ['draft'] },
    ]);

    expect(run).toMatchObject({ status: 'compensated', cause: 'timeout', error: { code: 'TIMEOUT', node: 'signed' } });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('that is optional lets the run go on without one', async () => {
    const flow = live.flow();

    const run = await flow.run(
      [
        { ...message({ timeout: '300ms' }), optional: true },
        { id: 'then', depends_on: ['signed'], activities: [flow.write('after')] },
      ],
      { output: '${{ status.signed }}' },
    );

    expect(run).toMatchObject({ status: 'succeeded', output: 'failed' });
  });
});

describe('a wait for a time', () => {
  it.concurrent('lasts as long as it says', async () => {
    const flow = live.flow();

    await flow.run([
      { id: 'draft', activities: [flow.write('text')] },
      { id: 'pause', type: 'wait', depends_on: ['draft'], wait: { for: '1s' } },
      { id: 'then', depends_on: ['pause'], activities: [flow.write('after')] },
    ]);

    const [before, after] = await flow.acts();
    expect(after!.atMs - before!.atMs).toBeGreaterThanOrEqual(1_000);
  });

  it.concurrent('ends at the time that the input gives', async () => {
    const flow = live.flow();
    const at = new Date(Date.now() + 2_000).toISOString();

    const run = await flow.run(
      [
        { id: 'pause', type: 'wait', wait: { until: '${{ input.at }}' } },
        { id: 'then', depends_on: ['pause'], activities: [flow.write('after')] },
      ],
      { input: { at }, output: '${{ outputs.pause }}' },
    );

    expect(run).toMatchObject({ status: 'succeeded', output: { at } });
    expect((await flow.act('write after')).atMs).toBeGreaterThanOrEqual(Date.parse(at));
  });

  it.concurrent('does not wait for a time that has passed', async () => {
    const flow = live.flow();

    const run = await flow.run([{ id: 'pause', type: 'wait', wait: { until: '2020-01-01T00:00:00Z' } }]);

    expect(run).toMatchObject({ status: 'succeeded' });
  });

  it.concurrent('fails on what is no time', async () => {
    const flow = live.flow();

    const run = await flow.run([{ id: 'pause', type: 'wait', wait: { until: '${{ input.at }}' } }], {
      input: { at: 'soon' },
    });

    expect(run).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION', node: 'pause' } });
  });
});

describe('a run that waits', () => {
  it.concurrent('says for what, and is running again while one of its nodes acts', async () => {
    const flow = live.flow();
    await flow.slow('slow', 1_000);

    const id = await flow.start([message(), { id: 'busy', activities: [flow.write('slow')] }]);
    await flow.untilCalled('write slow');
    const busy = await flow.view(id);
    const waiting = await flow.untilStatus(id, 'waiting');
    await send(id, {});
    await flow.end(id);

    expect(busy.status).toBe('running');
    expect(waiting.waiting).toBe('waits for message "signed"');
  });

  it.concurrent('withdraws its question when it turns round for another reason', async () => {
    const flow = live.flow();
    await flow.slow('bad', 300, 'GET');
    await flow.strike('bad', { fault: 'status', status: 422 });
    const id = await flow.start([
      { id: 'draft', activities: [flow.write('text')] },
      approval(),
      { id: 'beside', depends_on: ['draft'], activities: [flow.write('bad')] },
    ]);
    const question = await flow.question(id);

    const run = await flow.end(id);

    expect(run).toMatchObject({ status: 'compensated', error: { node: 'beside.bad' } });
    const { body } = await live.call('GET', `/v1/approvals/${question}`);
    expect(body.status).toBe('withdrawn');
  });
});

describe('waiting runs', () => {
  it('hold no slot: more of them than slots do not keep others from acting', async () => {
    const flow = live.flow();
    await flow.publish([message()]);
    const ids = await Promise.all(Array.from({ length: 70 }, async () => await flow.startAgain({ input: {} })));
    await until(async () => (await statusesOf(ids)).every((status) => status === 'waiting'), {
      what: 'all runs to wait',
    });

    const acting = live.flow();
    const run = await acting.run([{ id: 'only', activities: [acting.write('a')] }]);

    expect(run.status).toBe('succeeded');
    await Promise.all(ids.map(async (id) => await send(id, {})));
    await until(async () => (await statusesOf(ids)).every((status) => status === 'succeeded'), {
      what: 'all runs to end',
    });
  });
});

async function statusesOf(ids: readonly string[]): Promise<string[]> {
  const runs = live.knex.withSchema('breakwater').table('run');
  return (await runs.select<{ status: string }[]>('status').whereIn('id', ids)).map(({ status }) => status);
}
