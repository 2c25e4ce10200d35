// Every promised series has the right value after a load whose outcome is known, as GET /metrics tells it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/http/index.ts';
import { atOnce, type Flow } from '../runs/live/flow.ts';
import { ADMIN_KEY, startLiveApp, type LiveApp } from '../runs/live/live-app.ts';
import { samplesOf, sumOf, typesOf, type Sample } from './exposition.ts';

const WRITE = 'github.create_or_update_file';
const DELETE = 'github.delete_file';

/** The contract's, with the labels that each may have. */
const PROMISED: Readonly<Record<string, readonly [type: string, ...labels: string[]]>> = {
  workflow_executions_total: ['counter', 'workflow_type', 'status'],
  workflow_duration_seconds: ['histogram', 'workflow_type', 'le'],
  activity_executions_total: ['counter', 'activity_name', 'status'],
  activity_duration_seconds: ['histogram', 'activity_name', 'le'],
  activity_retry_count: ['counter', 'activity_name'],
  saga_compensations_total: ['counter', 'workflow_type', 'reason', 'status'],
  circuit_breaker_state: ['gauge', 'service'],
  circuit_breaker_state_changes: ['counter', 'service', 'from_state', 'to_state'],
  circuit_breaker_failures_total: ['counter', 'service'],
  approvals_pending: ['gauge'],
  approval_wait_seconds: ['histogram', 'le'],
  runs_waiting: ['gauge', 'reason'],
  queue_depth: ['gauge', 'queue'],
  activity_slots: ['gauge', 'state'],
  checkpoint_group_size: ['histogram', 'le'],
  executor_lease_seconds: ['gauge'],
};

let live: LiveApp;
let waiting: Scrape;
let done: Scrape;
const flows: Record<'steady' | 'flaky' | 'undone' | 'stuckUndo' | 'asked', Flow> = Object.create(null);

interface Scrape {
  readonly text: string;
  readonly samples: readonly Sample[];
}

async function scrape(): Promise<Scrape> {
  const response = await fetch(`${live.app.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  return { text, samples: samplesOf(text) };
}

beforeAll(async () => {
  live = await startLiveApp('metrics');
  for (const name of ['steady', 'flaky', 'undone', 'stuckUndo', 'asked'] as const) flows[name] = live.flow();
  const { steady, flaky, undone, stuckUndo, asked } = flows;

  const review = { title: 'Go?', approvers: ['role:admin'], allow_requester: true, timeout: '1h' };
  const run = await asked.start([{ id: 'review', type: 'approval', approval: review }]);
  await asked.question(run);
  await live.call('POST', '/v1/breakers/notion/open', { reason: 'a test' });
  waiting = await scrape();
  await asked.decide(run, { decision: 'approve' });
  await asked.end(run);

  await steady.publish([{ id: 'm', type: 'parallel', activities: [steady.write('a'), steady.write('b')] }]);
  for (let n = 0; n < 3; n++) await steady.end(await steady.startAgain({}));

  await flaky.strike('a', { fault: 'status', status: 503, times: 2 });
  await flaky.run([{ id: 'm', activities: [flaky.write('a', { retry: atOnce(3) })] }]);

  await undone.strike('b', { fault: 'status', status: 422 });
  await undone.run([{ id: 'm', activities: [undone.write('a'), undone.write('b')] }]);

  await stuckUndo.strike('b', { fault: 'status', status: 422 });
  await stuckUndo.strike('a', { fault: 'status', status: 422 }, 'DELETE');
  await stuckUndo.run([{ id: 'm', activities: [stuckUndo.write('a'), stuckUndo.write('b')] }]);
  done = await scrape();
});
afterAll(async () => await live.stop());

describe('GET /metrics', () => {
  it('shows every promised series, with a value and no label but its own', () => {
    const types = typesOf(done.text);

    for (const [name, [type, ...labels]] of Object.entries(PROMISED)) {
      const own = done.samples.filter((sample) => sample.name.replace(/_(?:bucket|sum|count)$/, '') === name);
      const exact = type === 'histogram' ? own : done.samples.filter((sample) => sample.name === name);
      expect([name, types[name]]).toEqual([name, type]);
      expect([name, exact.length > 0]).toEqual([name, true]);
      for (const sample of exact) expect(labels).toEqual(expect.arrayContaining(Object.keys(sample.labels)));
    }
    expect(types).toMatchObject({ process_cpu_seconds_total: 'counter', nodejs_eventloop_lag_seconds: 'gauge' });
    expect(sumOf(done.samples, 'database_pool_connections', { pool: 'engine' })).toBeGreaterThan(0);
  });

  it('counts runs by how they ended, and how long they took', () => {
    const ended = (flow: Flow, status: string) =>
      sumOf(done.samples, 'workflow_executions_total', { workflow_type: flow.name, status });

    expect(ended(flows.steady, 'succeeded')).toBe(3);
    expect(ended(flows.flaky, 'succeeded')).toBe(1);
    expect(ended(flows.undone, 'compensated')).toBe(1);
    expect(ended(flows.stuckUndo, 'compensation_failed')).toBe(1);
    expect(sumOf(done.samples, 'workflow_executions_total')).toBe(7);
    expect(sumOf(done.samples, 'workflow_duration_seconds_count')).toBe(7);
    const buckets = done.samples.filter(
      ({ name, labels }) =>
        name === 'workflow_duration_seconds_bucket' && labels['workflow_type'] === flows.steady.name,
    );
    expect(buckets.map(({ labels }) => labels['le'])).toEqual([
      '10',
      '30',
      '60',
      '120',
      '300',
      '600',
      '1800',
      '3600',
      '+Inf',
    ]);
  });

  it('counts acts by their outcome, and what is repeated apart', () => {
    const acts = (activity: string, status: string) =>
      sumOf(done.samples, 'activity_executions_total', { activity_name: activity, status });

    expect(acts(WRITE, 'completed')).toBe(9);
    expect(acts(WRITE, 'failed')).toBe(2);
    expect([acts(DELETE, 'completed'), acts(DELETE, 'failed')]).toEqual([1, 1]);
    expect(sumOf(done.samples, 'activity_retry_count', { activity_name: WRITE })).toBe(2);
    expect(sumOf(done.samples, 'activity_retry_count')).toBe(2);
    expect(sumOf(done.samples, 'activity_duration_seconds_count', { activity_name: WRITE })).toBe(13);
  });

  it('counts what was taken back, and what was not, by why', () => {
    const undos = (flow: Flow, status: string) =>
      sumOf(done.samples, 'saga_compensations_total', { workflow_type: flow.name, reason: 'failure', status });

    expect(undos(flows.undone, 'compensated')).toBe(1);
    expect(undos(flows.stuckUndo, 'failed')).toBe(1);
    expect(sumOf(done.samples, 'saga_compensations_total')).toBe(2);
  });

  it('tells of breakers: what they are, how they came to it, and what they counted', () => {
    const changed = { service: 'notion', from_state: 'closed', to_state: 'open' };

    expect(sumOf(waiting.samples, 'circuit_breaker_state', { service: 'notion' })).toBe(1);
    expect(sumOf(done.samples, 'circuit_breaker_state_changes', changed)).toBe(1);
    expect(sumOf(done.samples, 'circuit_breaker_state_changes')).toBe(1);
    expect(sumOf(done.samples, 'circuit_breaker_failures_total', { service: flows.flaky.name })).toBe(2);
  });

  it('tells who waits for whom, and how long people took', () => {
    expect(sumOf(waiting.samples, 'approvals_pending')).toBe(1);
    expect(sumOf(waiting.samples, 'runs_waiting', { reason: 'approval' })).toBe(1);
    expect(sumOf(waiting.samples, 'runs_waiting')).toBe(1);
    expect(sumOf(waiting.samples, 'approval_wait_seconds_count')).toBe(0);
    expect(sumOf(done.samples, 'approval_wait_seconds_count')).toBe(1);
    const waited = sumOf(done.samples, 'approval_wait_seconds_sum');
    expect(waited).toBeGreaterThan(0);
    expect(waited).toBeLessThan(60);
  });

  it('tells how this process does', () => {
    expect(sumOf(done.samples, 'activity_slots', { state: 'free' })).toBe(64);
    expect(sumOf(done.samples, 'activity_slots', { state: 'used' })).toBe(0);
    expect(sumOf(done.samples, 'executor_lease_seconds')).toBeGreaterThan(0);
    expect(sumOf(done.samples, 'executor_lease_seconds')).toBeLessThanOrEqual(10);
    expect(sumOf(done.samples, 'checkpoint_group_size_count')).toBeGreaterThan(7);
    expect(done.samples.filter(({ name }) => name === 'queue_depth')).toMatchObject([
      { labels: { queue: 'breakwater_runs' }, value: 0 },
      { labels: { queue: 'breakwater_stuck' }, value: 0 },
    ]);
  });

  it('is for keys of the first tenant alone, as its figures are of all of them', async () => {
    const { key } = await createKey(live.knex, { tenant: 'acme', user: 'ann', roles: ['admin'] }, 'test');

    const response = await fetch(`${live.app.url}/metrics`, { headers: { authorization: `Bearer ${key}` } });

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'FORBIDDEN' });
  });
});
