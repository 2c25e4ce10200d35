// Runs that are over and go on: taken back, rewound to a node, forked from one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flow, Part } from '../live/flow.ts';
import { startLiveApp } from '../live/live-app.ts';
import type { LiveApp } from '../live/live-app.ts';
import { ask, tell, traces } from './verbs.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('control_rewind');
});
afterAll(async () => await live.stop());

const approval = { title: 'Go?', approvers: ['role:admin'], timeout: '1h' };

/** `review` comes before both branches; `built` is made of `base`, `aside` of nothing. */
const graph = (flow: Flow): Part[] => [
  { id: 'review', type: 'approval', approval },
  { id: 'base', depends_on: ['review'], activities: [flow.write('base')] },
  { id: 'aside', depends_on: ['review'], activities: [flow.write('aside')] },
  { id: 'built', depends_on: ['base'], activities: [flow.write('built')] },
];

async function startAndApprove(flow: Flow, modules = graph(flow)): Promise<string> {
  const id = await flow.start(modules);
  await flow.decide(id, { decision: 'approve' });
  await flow.end(id);
  return id;
}

describe('compensate', () => {
  it.concurrent('takes a run back that succeeded, dependents first', async () => {
    const flow = live.flow();
    const id = await startAndApprove(flow);

    await tell(live, 'compensate', id, { reason: 'wrong season' });

    expect(await flow.end(id)).toMatchObject({ status: 'compensated', compensation: { total: 3, compensated: 3 } });
    expect(await flow.files()).toEqual([]);
    const undone = (await flow.told()).slice(3);
    expect(undone.indexOf('undo built')).toBeLessThan(undone.indexOf('undo base'));
    expect(await traces(live, id)).toEqual({ events: ['control.compensate'], audit: ['run.compensate'] });
  });

  it.concurrent('takes a run back that was cancelled and left as it was', async () => {
    const flow = live.flow();
    const id = await flow.start([
      { id: 'before', activities: [flow.write('done')] },
      { id: 'review', type: 'approval', depends_on: ['before'], approval },
    ]);
    await flow.untilStatus(id, 'waiting');
    await tell(live, 'cancel', id, { compensate: false });
    await flow.end(id);

    await tell(live, 'compensate', id);

    expect(await flow.end(id)).toMatchObject({ status: 'compensated', cause: 'cancel' });
    expect(await flow.files()).toEqual([]);
  });
});

describe('rewind', () => {
  it.concurrent('takes the node and what was built on it back, and does only that again, under new keys', async () => {
    const flow = live.flow();
    const id = await startAndApprove(flow);

    await tell(live, 'rewind', id, { node: 'base.base' });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', progress: 100 });
    const told = await flow.told();
    expect(told.slice(3)).toEqual(['undo built', 'undo base', 'write base', 'write built']);
    expect(told.filter((what) => what === 'write aside')).toHaveLength(1);
    expect(await flow.files()).toEqual(['aside', 'base', 'built']);
    const bases = (await flow.acts()).filter(({ what }) => what === 'write base');
    expect(bases[0]?.key).not.toBe(bases[1]?.key);
  });

  it.concurrent('asks a question again that is among what is repeated, once more each time', async () => {
    const flow = live.flow();
    const id = await startAndApprove(flow);

    for (const times of [1, 2]) {
      await tell(live, 'rewind', id, { node: 'review' });
      await flow.decide(id, { decision: 'approve' });
      expect((await flow.end(id)).status).toBe('succeeded');
      expect((await flow.told()).filter((what) => what === 'write base')).toHaveLength(1 + times);
    }
    expect(await flow.files()).toEqual(['aside', 'base', 'built']);
  });

  it.concurrent('waits for a message anew', async () => {
    const flow = live.flow();
    const id = await flow.start([
      { id: 'signed', type: 'wait', wait: { message: 'signed' } },
      { id: 'then', depends_on: ['signed'], activities: [flow.write('then')] },
    ]);
    await live.call('POST', `/v1/runs/${id}/messages/signed`, { by: 'ann' });
    await flow.end(id);

    await tell(live, 'rewind', id, { node: 'signed' });
    await flow.untilStatus(id, 'waiting');
    await live.call('POST', `/v1/runs/${id}/messages/signed`, { by: 'bob' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write then', 'undo then', 'write then']);
  });

  it.concurrent('goes on from the node that failed, and leaves what was done before it', async () => {
    const flow = live.flow();
    await flow.strike('second', { fault: 'status', status: 422, times: 1 });
    const modules = [{ id: 'all', activities: [flow.write('first'), flow.write('second')] }];
    const run = await flow.run(modules, { on_failure: 'stop' });
    expect(run.status).toBe('failed');

    await tell(live, 'rewind', run.id, { node: 'all.second' });

    expect((await flow.end(run.id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write first', 'write second', 'write second']);
  });

  it.concurrent('is held up by an undo that fails until that is decided', async () => {
    const flow = live.flow();
    const id = await startAndApprove(flow);
    await flow.strike('built', { fault: 'status', status: 422, times: 1 }, 'DELETE');

    await tell(live, 'rewind', id, { node: 'base.base' });
    expect(await flow.end(id)).toMatchObject({ status: 'compensation_failed', error: { code: 'REWIND' } });
    await tell(live, 'decide', id, { node: 'built.built', decision: 'retry' });

    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['aside', 'base', 'built']);
  });

  it.concurrent('is refused where it would rest on what is gone, do twice what cannot be undone, or begin nowhere', async () => {
    const flow = live.flow();
    await flow.strike('built', { fault: 'status', status: 422, times: 1 });
    const id = await startAndApprove(flow);
    expect((await flow.view(id)).status).toBe('compensated');

    expect(await ask(live, 'rewind', id, { node: 'built.built' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('was taken back') },
    });
    expect((await ask(live, 'rewind', id, { node: 'bilt' })).status).toBe(422);
    await tell(live, 'rewind', id, { node: 'review' });
    await flow.decide(id, { decision: 'approve' });
    expect((await flow.end(id)).status).toBe('succeeded');
  });
});

describe('a rewind to what cannot be taken back', () => {
  const bare = { compensation: undefined };

  it.concurrent('is refused where an effect would be there twice, irreversible or not', async () => {
    for (const [over, why] of [
      [bare, 'nothing takes "all.kept" back, and it would be done twice'],
      [{ ...bare, irreversible: true }, '"all.kept" cannot be taken back, and would be done twice'],
    ] as const) {
      const flow = live.flow();
      const run = await flow.run([{ id: 'all', activities: [flow.write('first'), flow.write('kept', over)] }]);

      expect(await ask(live, 'rewind', run.id, { node: 'all.first' })).toMatchObject({
        status: 409,
        body: { detail: `The run cannot go on from there: ${why}.` },
      });
      expect(await flow.told()).toEqual(['write first', 'write kept']);
    }
  });

  it.concurrent('repeats what only reads, and what certainly did not happen', async () => {
    const flow = live.flow();
    const read = { ...flow.write('first', bare), name: 'read', action: 'get_file_content' };
    const file = { owner: 'acme', repo: 'website', path: `${flow.name}/first` };
    await flow.strike('last', { fault: 'status', status: 422, times: 1 });
    const run = await flow.run(
      [
        {
          id: 'all',
          activities: [
            flow.write('first'),
            { ...read, with: file },
            flow.write('last', { ...bare, irreversible: true }),
          ],
        },
      ],
      { on_failure: 'stop' },
    );
    expect(run.status).toBe('failed');

    await tell(live, 'rewind', run.id, { node: 'all.read' });

    expect((await flow.end(run.id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write first', 'write last', 'write last']);
  });
});

describe('fork', () => {
  it.concurrent('gives the same run to the same key, whoever asks first, and refuses the key to others', async () => {
    const flow = live.flow();
    const { id } = await flow.run([{ id: 'all', activities: [flow.write('a'), flow.write('b')] }]);
    const fork = async (body: object, key = `fork of ${id}`) =>
      await live.call('POST', `/v1/runs/${id}/fork`, body, { 'idempotency-key': key });

    const answers = await Promise.all([1, 2, 3, 4].map(async () => await fork({ node: 'all.b' })));

    const [first] = answers;
    expect(answers.map(({ status, body }) => [status, body['id']])).toEqual(
      answers.map(() => [202, first?.body['id']]),
    );
    await flow.end(String(first?.body['id']));
    expect((await fork({ node: 'all.b' })).body).toMatchObject({ id: first?.body['id'], status: 'succeeded' });
    expect(await fork({ node: 'all.a' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('another body') },
    });
    expect((await fork({ node: 'all.b', reason: 'once more' })).status).toBe(409);
    const forks = await live.knex.withSchema('breakwater').table('run').select('id').where('forked_from', id);
    expect(forks).toEqual([{ id: first?.body['id'] }]);
    expect(await traces(live, id)).toMatchObject({ audit: ['run.fork'] });
  });

  it.concurrent('goes on in a new run from what the old one came to, which it never takes back', async () => {
    const flow = live.flow();
    const own = { owner: 'acme', repo: 'website', path: `${flow.name}/built`, content: '{{ run.id }}' };
    const [review = {}, base = {}, aside = {}] = graph(flow);
    const built = { id: 'built', depends_on: ['base'], activities: [flow.write('built', { with: own })] };
    const id = await startAndApprove(flow, [review, base, aside, built]);

    const { id: fork = '' } = await tell(live, 'fork', id, { node: 'built.built' });

    expect(fork).not.toBe(id);
    expect(await flow.end(fork)).toMatchObject({ status: 'succeeded' });
    expect((await flow.told()).slice(3)).toEqual(['write built']);
    expect(await flow.statuses(fork)).toEqual({
      review: 'inherited',
      'base.base': 'inherited',
      'aside.aside': 'inherited',
      'built.built': 'completed',
    });

    await tell(live, 'compensate', fork);
    expect(await flow.end(fork)).toMatchObject({ status: 'compensated', compensation: { total: 1 } });
    expect(await flow.told()).toHaveLength(5);
    expect((await flow.view(id)).status).toBe('succeeded');
  });
});
