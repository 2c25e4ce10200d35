// What operators see while a run goes on and turns round: the views run_status and activity_status, and the progress.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunProgress } from '../../../src/runs/index.ts';
import { atOnce } from './flow.ts';
import type { Flow, Part } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_views');
});
afterAll(async () => await live.stop());

/** A row of the view run_status. */
interface RunRow {
  readonly status: string;
  readonly finished_at: Date | null;
  readonly [column: string]: unknown;
}

async function rowOf(id: string): Promise<RunRow> {
  const { rows } = await live.knex.raw<{ rows: RunRow[] }>(
    'select *, extract(epoch from duration)::float8 as seconds from breakwater.run_status where id = ?',
    [id],
  );
  return rows[0]!;
}

async function progressOf(id: string): Promise<RunProgress> {
  return (await live.call<RunProgress>('GET', `/v1/runs/${id}/progress`)).body;
}

const statusesOf = ({ modules }: RunProgress): Record<string, string> =>
  Object.fromEntries(modules.map(({ id, status }) => [id, status]));

const phases = (flow: Flow): Part[] => [
  { id: 'one', progress: 20, activities: [flow.write('a')] },
  {
    id: 'two',
    type: 'parallel',
    depends_on: ['one'],
    progress: 60,
    activities: [flow.write('slow'), flow.write('never', { when: 'false' })],
  },
  {
    id: 'review',
    type: 'approval',
    depends_on: ['two'],
    progress: 80,
    approval: { title: 'Go?', approvers: ['user:ann'], timeout: '1h' },
  },
  { id: 'last', depends_on: ['review'], activities: [flow.write('z')] },
];

describe('the views of a run', () => {
  it.concurrent('tell at each instant what is done, what acts, what waits and what is still to come', async () => {
    const flow = live.flow();
    await flow.slow('slow', 1_500);
    const id = await flow.start(phases(flow));
    await flow.untilCalled('write slow');
    await flow.untilNode(id, 'two.never', 'skipped');

    expect(await flow.statuses(id)).toEqual({
      'one.a': 'completed',
      'two.slow': 'executing',
      'two.never': 'skipped',
      review: 'pending',
      'last.z': 'pending',
    });
    expect(await rowOf(id)).toMatchObject({
      id,
      tenant: 'default',
      workflow: flow.name,
      status: 'running',
      cause: null,
      phase: 'two',
      progress: 20,
      waiting_for: null,
      finished_at: null,
      executor: live.app.executorId,
      labels: {},
    });
    const acting = await progressOf(id);
    expect(acting).toMatchObject({ percentage: 20, phase: 'two', approvalReceived: false });
    expect(statusesOf(acting)).toEqual({ one: 'completed', two: 'executing', review: 'pending', last: 'pending' });

    await flow.untilStatus(id, 'waiting');
    expect(await flow.statuses(id)).toMatchObject({ 'two.slow': 'completed', review: 'waiting', 'last.z': 'pending' });
    expect(await rowOf(id)).toMatchObject({
      status: 'waiting',
      phase: 'review',
      progress: 60,
      waiting_for: expect.stringContaining('review'),
    });
    expect(statusesOf(await progressOf(id))).toMatchObject({ two: 'completed', review: 'waiting', last: 'pending' });

    await flow.decide(id, { decision: 'approve' });
    await flow.end(id);
    expect(await rowOf(id)).toMatchObject({
      status: 'succeeded',
      phase: null,
      progress: 100,
      waiting_for: null,
      finished_at: expect.any(Date),
      seconds: expect.any(Number),
    });
    const done = await progressOf(id);
    expect(done).toMatchObject({ percentage: 100, phase: null, approvalReceived: true });
    expect(done.elapsedSeconds).toBeGreaterThanOrEqual(1.5);
    expect(done.modules.every(({ startedAt, finishedAt }) => startedAt && finishedAt)).toBe(true);
  });

  it.concurrent('tell while a run is taken back what is being undone and what is', async () => {
    const flow = live.flow();
    await flow.slow('slow', 1_200, 'DELETE');
    const id = await flow.start(phases(flow));
    await flow.decide(id, { decision: 'reject' });
    await flow.untilCalled('undo slow');

    expect(await flow.statuses(id)).toMatchObject({
      'two.slow': 'compensating',
      'two.never': 'skipped',
      review: 'completed',
      'last.z': 'skipped',
    });
    expect(await rowOf(id)).toMatchObject({ status: 'compensating', cause: 'rejection', finished_at: null });
    expect(statusesOf(await progressOf(id))).toMatchObject({ two: 'compensating' });

    await flow.end(id);
    const nodes = await flow.nodes(id);
    expect(nodes['one.a']).toMatchObject({ status: 'compensated', compensation_status: 'compensated' });
    expect(nodes['two.slow']).toMatchObject({ status: 'compensated', compensation_status: 'compensated' });
    expect(nodes['review']).toMatchObject({ status: 'completed', compensation_status: null });
    expect(await rowOf(id)).toMatchObject({ status: 'rejected', cause: 'rejection' });
  });

  it.concurrent('tell failed, unknown and failed undos apart, with attempts, keys and codes', async () => {
    const flow = live.flow();
    await flow.strike('bad', { fault: 'status', status: 503 });
    await flow.slow('lost', 60_000);
    await flow.strike('kept', { fault: 'status', status: 422 }, 'DELETE');
    const id = await flow.start([
      { id: 'first', activities: [flow.write('kept')] },
      {
        id: 'then',
        type: 'parallel',
        depends_on: ['first'],
        activities: [
          flow.write('bad', { retry: atOnce(2), compensation: undefined }),
          flow.write('lost', { timeout: '1s' }),
        ],
      },
    ]);

    await flow.untilNode(id, 'then.lost', 'unknown');
    await flow.end(id);

    const nodes = await flow.nodes(id);
    expect(nodes['then.bad']).toMatchObject({
      status: 'unknown',
      attempts: '2',
      error_code: 'GITHUB_503',
      compensation_status: null,
    });
    expect(nodes['then.lost']).toMatchObject({ status: 'compensated', attempts: '1', error_code: 'TIMEOUT' });
    expect(nodes['first.kept']).toMatchObject({
      status: 'compensation_failed',
      error_code: null,
      compensation_status: 'compensation_failed',
      key: (await flow.act('write kept')).key,
      started_at: expect.any(Date),
      finished_at: expect.any(Date),
    });
    expect(await rowOf(id)).toMatchObject({ status: 'compensation_failed', cause: 'failure' });
  });

  it.concurrent('keep the labels and the version of a run', async () => {
    const flow = live.flow();
    await flow.publish([{ id: 'one', activities: [flow.write('a')] }], { version: '1.2.0' });

    const id = await flow.startAgain({ labels: { team: 'north' } });
    await flow.end(id);

    expect(await rowOf(id)).toMatchObject({ version: '1.2.0', labels: { team: 'north' } });
  });
});
