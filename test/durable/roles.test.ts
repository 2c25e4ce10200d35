// A process for the API and another for the runs: started here, executed there, decided here again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';

const definition = stringify({
  workflow: { name: 'reviewed', version: '1.0.0' },
  modules: [
    {
      id: 'note',
      activities: [
        {
          name: 'keep',
          tool: 'memory',
          action: 'remember',
          with: { namespace: 'roles', key: '${{ run.id }}', content: 'kept' },
          compensation: 'forget',
        },
      ],
    },
    { id: 'signed', type: 'wait', depends_on: ['note'], wait: { message: 'signed' } },
    {
      id: 'review',
      type: 'approval',
      depends_on: ['signed'],
      approval: { title: 'Keep it?', approvers: ['role:admin'], allow_requester: true, timeout: '1h' },
    },
  ],
});

let databaseUrl: string;
let api: AppProcess;
let worker: AppProcess | undefined;
beforeAll(async () => {
  databaseUrl = await createTestDatabase('roles');
  api = await start('api');
  await api.call('POST', '/v1/definitions', definition, { 'content-type': 'application/yaml' });
});
afterAll(async () => {
  await worker?.kill();
  await api.kill();
});

async function start(role: string): Promise<AppProcess> {
  return await AppProcess.start({ databaseUrl, env: { BREAKWATER_ROLE: role } });
}

async function startRun(): Promise<Record<string, unknown>> {
  const { status, body } = await api.call('POST', '/v1/runs', { workflow: 'reviewed', input: {} });
  expect(status).toBe(202);
  return body;
}

async function shown(id: unknown): Promise<Record<string, unknown>> {
  return (await api.call('GET', `/v1/runs/${String(id)}`)).body;
}

async function untilWaiting(id: unknown, forWhat: string): Promise<Record<string, unknown>> {
  return await until(
    async () => {
      const run = await shown(id);
      return String(run['waiting']).includes(forWhat) && run['status'] === 'waiting' && run;
    },
    { what: `run ${String(id)} to wait for ${forWhat}` },
  );
}

describe('with an api process alone', () => {
  it('a run is queued until a worker comes, which then executes it', async () => {
    const { id, status } = await startRun();
    const before = await shown(id);
    const nodes = await execute(databaseUrl, 'select distinct status from breakwater.activity_status');

    worker = await start('worker');

    expect(status).toBe('queued');
    expect(before).toMatchObject({ status: 'queued', waiting: expect.stringMatching(/^waits for a worker/) });
    expect(nodes.rows).toEqual([{ status: 'pending' }]);
    const run = await untilWaiting(id, 'signed');
    expect(Date.parse(String(run['startedAt']))).toBeGreaterThan(Date.parse(String(run['createdAt'])));
    const { body } = await api.call('GET', '/v1/executors');
    expect(body['items']).toMatchObject([{ id: run['executor'], role: 'worker', pid: worker.child.pid }]);
  });
});

describe('an api process and a worker', () => {
  it('take a run through a message and a decision', async () => {
    const { id } = await startRun();
    await untilWaiting(id, 'signed');
    const key = { 'idempotency-key': `signed ${String(id)}` };
    await api.call('POST', `/v1/runs/${String(id)}/messages/signed`, { by: 'law' }, key);
    await untilWaiting(id, 'review');
    const { body } = await api.call('GET', '/v1/approvals?status=pending');
    const [approval] = body['items'] as { id: string; runId: string }[];

    await api.call('POST', `/v1/approvals/${String(approval?.id)}/decisions`, { decision: 'approve' });

    expect((await api.call('GET', `/v1/runs/${String(id)}?wait=20s`)).body).toMatchObject({ status: 'succeeded' });
  });

  it('say what they are', async () => {
    const reports = await Promise.all([api, worker!].map(async (each) => (await each.call('GET', '/ready')).body));

    expect(reports).toMatchObject([
      { ready: true, role: 'api', lease: false },
      { ready: true, role: 'worker', lease: true },
    ]);
  });

  it('serve no API from the worker, and say where it is', async () => {
    const { status, headers, body } = await worker!.call('GET', '/v1/runs');

    expect(status).toBe(404);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body['detail']).toContain('Ask an api process');
    expect((await worker!.call('GET', '/health')).status).toBe(200);
  });

  it('hand a run over when the worker stops, and go on with it on the next', async () => {
    const { id } = await startRun();
    await untilWaiting(id, 'signed');

    expect(await worker!.stop()).toBe(0);
    const { body } = await api.call('GET', '/v1/executors');
    worker = await start('worker');
    const key = { 'idempotency-key': `signed ${String(id)}` };
    await api.call('POST', `/v1/runs/${String(id)}/messages/signed`, { by: 'law' }, key);

    expect(body['items']).toEqual([]);
    await untilWaiting(id, 'review');
  });
});
