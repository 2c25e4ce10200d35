// What a saga offers to code, in the real app: typed activities, questions to people, waits, waves, and what becomes of a run that fails.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunView } from '../../../src/runs/index.ts';
import { until } from '../../support/until.ts';
import type { Flow } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_coded_calls', {
    env: { BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'coded', 'workflows') },
  });
});
afterAll(async () => await live.stop());

async function start(workflow: string, input: Readonly<Record<string, unknown>>): Promise<string> {
  const { status, body } = await live.call('POST', '/v1/runs', { workflow, input });
  expect({ status, body }).toMatchObject({ status: 202 });
  return String(body['id']);
}

const run = async (flow: Flow, workflow: string): Promise<RunView> =>
  await flow.end(await start(workflow, { folder: flow.name }));

const send = async (id: string, topic: string, body: unknown): Promise<{ status: number; body: unknown }> =>
  await live.call('POST', `/v1/runs/${id}/messages/${topic}`, body, { 'idempotency-key': topic });

/** Which notices of the run reached which channel. */
async function toldOf(id: string): Promise<string[]> {
  const events = live.knex.withSchema('breakwater').table('event').where({ run_id: id, kind: 'approval.notified' });
  const rows = await events.select<{ data: { notice: string; tool: string } }[]>('data');
  return rows.map(({ data }) => `${data.notice} ${data.tool}`).toSorted();
}

/** How many messages at Slack still offer to decide the flow's question. */
async function buttonsFor({ name }: Flow): Promise<number> {
  const messages = (await live.sandbox.created()).map((entry) => JSON.stringify(entry.data));
  return messages.filter((text) => text.includes(`Told of ${name}`) && text.includes('breakwater_approve')).length;
}

describe('an input', () => {
  it.concurrent('that does not fit the schema is refused with every place', async () => {
    const input = { folder: 7, timout: '1h' };

    const { status, body } = await live.call('POST', '/v1/runs', { workflow: 'planted-asking', input });

    expect(status).toBe(422);
    expect(body['errors']).toEqual([
      expect.objectContaining({ path: '/folder' }),
      expect.objectContaining({ message: expect.stringContaining('timout') }),
    ]);
  });
});

describe('a question', () => {
  const GRADED = { decision: 'approve', form: { grade: 1 } };

  it.concurrent('waits for people, in words, and ships what they edited', async () => {
    const flow = live.flow();
    const id = await start('planted-asking', { folder: flow.name });
    const waiting = await flow.untilStatus(id, 'waiting');
    const { body: question } = await live.call('GET', `/v1/approvals/${await flow.question(id)}`);

    await flow.decide(id, { ...GRADED, edits: { draft: { key: 'better' } } });

    expect(waiting.waiting).toContain('waits for approval "review"');
    expect(question).toMatchObject({ title: 'Publish {{ this }}?', editable: ['draft'] });
    expect(await flow.end(id)).toMatchObject({
      status: 'succeeded',
      output: { decision: 'approve', by: 'admin', key: 'better', form: { grade: 1 } },
    });
    expect(await flow.statuses(id)).toEqual({ draft: 'completed', review: 'completed', published: 'completed' });
  });

  it.concurrent.each([
    {
      what: 'an edit that the action could not have answered',
      decision: { edits: { draft: { key: 7 } } },
      path: '/edits/draft/key',
    },
    { what: 'a form that does not fit', decision: { form: { grade: 'good' } }, path: '/form/grade' },
  ])('refuses $what', async ({ decision, path }) => {
    const flow = live.flow();
    const id = await start('planted-asking', { folder: flow.name });

    const { status, body } = await live.call('POST', `/v1/approvals/${await flow.question(id)}/decisions`, {
      ...GRADED,
      ...decision,
    });

    expect(status).toBe(422);
    expect(body['errors']).toEqual([expect.objectContaining({ path })]);
    await flow.cancel(id);
  });

  it.concurrent('is told, reminded of and put to others as in YAML, and shows its answer', async () => {
    const flow = live.flow();
    const id = await start('planted-telling', { folder: flow.name });

    await until(async () => (await toldOf(id)).length === 5, { what: 'people to be told' });
    const { body: asked } = await live.call('GET', `/v1/approvals/${await flow.question(id)}`);
    const open = await buttonsFor(flow);
    await flow.decide(id, { decision: 'approve' });

    expect(await toldOf(id)).toEqual([
      'asked sendgrid',
      'asked slack',
      'escalation slack',
      'reminder sendgrid',
      'reminder slack',
    ]);
    expect(asked).toMatchObject({ approvers: ['user:ann', 'role:director'] });
    expect(open).toBe(3);
    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { decision: 'approve' } });
    await until(async () => (await buttonsFor(flow)) === 0, { what: 'Slack to show the answer' });
  });

  it.concurrent('that is rejected turns the run round', async () => {
    const flow = live.flow();
    const id = await start('planted-asking', { folder: flow.name });

    await flow.decide(id, { decision: 'reject', reason: 'too early' });

    expect(await flow.end(id)).toMatchObject({
      status: 'rejected',
      cause: 'rejection',
      compensation: { total: 1, compensated: 1 },
    });
    expect(await flow.nodes(id)).toMatchObject({
      draft: { status: 'compensated', compensation_status: 'compensated' },
    });
  });

  it.concurrent('that is optional answers its rejection', async () => {
    const flow = live.flow();
    const id = await start('planted-asking', { folder: flow.name, optional: true });

    await flow.decide(id, { decision: 'reject' });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { decision: 'reject' } });
  });

  it.concurrent('that nobody answers in time turns the run round', async () => {
    const flow = live.flow();
    const id = await start('planted-asking', { folder: flow.name, timeout: '200ms' });

    expect(await flow.end(id)).toMatchObject({ status: 'rejected', cause: 'timeout' });
  });

  it.concurrent('ends with a cancel, and is withdrawn', async () => {
    const flow = live.flow();
    const id = await start('planted-asking', { folder: flow.name });
    const question = await flow.question(id);

    await flow.cancel(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', compensation: { total: 1, compensated: 1 } });
    expect((await live.call('GET', `/v1/approvals/${question}`)).body).toMatchObject({ status: 'withdrawn' });
  });
});

describe('a wait', () => {
  it.concurrent('ends with its message, after waits for a time', async () => {
    const flow = live.flow();
    const id = await start('planted-waiting', { folder: flow.name });
    await flow.untilNode(id, 'signed', 'waiting');

    expect(await send(id, 'singed', { by: 'me' })).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('did you mean "signed"') },
    });
    expect(await send(id, 'signed', { of: 'me' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/by' }, {}] },
    });
    expect((await send(id, 'signed', { by: 'me' })).status).toBeLessThan(300);

    const { output } = await flow.end(id);
    const { slept, past, by } = output as { slept: number; past: number; by: string };
    expect(by).toBe('me');
    expect(slept).toBeGreaterThanOrEqual(200);
    expect(past).toBe(0);
  });

  it.concurrent('takes a message that came before it', async () => {
    const flow = live.flow();
    await flow.slow('before', 1_000);
    const id = await start('planted-waiting', { folder: flow.name });
    await flow.untilCalled('write before');

    await send(id, 'signed', { by: 'early' });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', output: { by: 'early' } });
  });

  it.concurrent('that nothing ends in time turns the run round', async () => {
    const flow = live.flow();
    const id = await start('planted-waiting', { folder: flow.name, timeout: '200ms' });

    expect(await flow.end(id)).toMatchObject({
      status: 'compensated',
      cause: 'timeout',
      error: { code: 'TIMEOUT', node: 'signed' },
    });
    expect(await flow.told()).toEqual(['write before', 'undo before']);
  });
});

describe('waves', () => {
  it.concurrent('start a task the moment its own are done', async () => {
    const flow = live.flow();
    await flow.slow('slow', 1_000);

    const { output } = await run(flow, 'planted-waves');

    expect(output).toMatchObject({ both: ['slow', 'quick', 'after'].map((name) => `${flow.name}/${name}`) });
    const [slow, after] = [await flow.act('write slow'), await flow.act('write after')];
    expect(after.atMs - slow.atMs).toBeLessThan(1_000);
  });

  it.concurrent('skip what depends on a failure, and the run is undone', async () => {
    const flow = live.flow();
    await flow.strike('quick', { fault: 'status', status: 422 });

    const view = await run(flow, 'planted-waves');

    expect(view).toMatchObject({ status: 'compensated', error: { code: 'GITHUB_422', node: 'quick' } });
    expect(await flow.statuses(view.id)).toEqual({ quick: 'failed', slow: 'compensated' });
  });
});

describe('a failure', () => {
  it.concurrent('answers null where it is optional, and may be caught', async () => {
    expect(await run(live.flow(), 'planted-optional')).toMatchObject({
      status: 'succeeded',
      output: { nothing: null, call: 'caught', code: 'GITHUB_404' },
    });
  });

  it.concurrent('behind what cannot be taken back holds the run, until a cancel undoes the rest by the arguments given', async () => {
    const flow = live.flow();
    await flow.strike('refused', { fault: 'status', status: 422 });
    const id = await start('planted-pivot', { folder: flow.name });
    const held = await flow.untilStatus(id, 'held');

    await flow.cancel(id, { compensate: true });

    expect(held.waiting).toContain('pivot');
    expect((await flow.end(id)).compensation).toMatchObject({ total: 1, compensated: 1 });
    expect(await flow.files()).toEqual(['pivot']);
  });

  it.concurrent('of the output to fit its schema undoes the run', async () => {
    const flow = live.flow();

    expect(await run(flow, 'planted-bad-output')).toMatchObject({ status: 'compensated', error: { code: 'OUTPUT' } });
    expect(await flow.files()).toEqual([]);
  });
});
