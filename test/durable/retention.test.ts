// Retention on a real database: what is old and final goes without a trace, everything else stays, whoever else deletes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { registerDurable, runStep, sendInTransaction } from '../../src/durable/index.ts';
import { deleteExpired, startRetention } from '../../src/durable/retention.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HORIZONS = { retentionMs: 30 * DAY_MS, keyedMs: DAY_MS };
const LIMIT = 200;
const ENDED = ['succeeded', 'failed', 'compensated', 'rejected', 'cancelled', 'compensation_failed'];
const LIVE = ['queued', 'running', 'waiting', 'paused', 'held', 'stuck', 'compensating'];

registerDurable('test.retention', async () => {
  await runStep(4_096, 'step', async () => ({ kept: true }));
});

let engine: TestEngine;
let knex: Knex;
let count = 0;

beforeAll(async () => {
  engine = await openEngine();
  knex = engine.knex;
  await knex('breakwater.definition').insert({
    tenant: 'default',
    name: 'flow',
    version: '1.0.0',
    hash: 'h',
    title: 'Flow',
    kind: 'coded',
    created_by: 'test',
  });
});
beforeEach(async () => {
  await knex('breakwater.run').whereNull('finished_at').update({ status: 'failed', finished_at: knex.fn.now() });
  await deleteExpired(knex, { retentionMs: -DAY_MS, keyedMs: -DAY_MS }, 10_000);
});
afterAll(async () => await engine.stop());

interface Planted {
  readonly status?: string;
  readonly endedMsAgo?: number;
  readonly idempotencyKey?: string;
}

/** A run that really ran, with a row in every table that a run may fill, and an end in the past. */
async function plant(options: Planted = {}): Promise<string> {
  const id = `run_retention_${count++}`;
  await engine.start('test.retention', null, id);
  await until(async () => (await engine.workflowRow(id)).status === 'SUCCESS', { what: `${id} to succeed` });
  await plantRow(id, options);
  const one = { tenant: 'default', run_id: id };
  await knex('breakwater.event').insert({ ...one, kind: 'noted' });
  const approval = { title: 'May I?', approvers: '[]', requester: 'user:a', allow_requester: true, topic: 't' };
  const times = { deadline: new Date(), settled_at: new Date() };
  await knex('breakwater.approval').insert({
    ...one,
    ...approval,
    ...times,
    id: `apr_${id}`,
    node: 'ask',
    on_timeout: 'reject',
    status: 'approved',
  });
  await knex('breakwater.approval_decision').insert({
    approval_id: `apr_${id}`,
    tenant: 'default',
    decision: 'approve',
    decided_by: 'user:b',
    via: 'api',
  });
  await knex('breakwater.approval_notice').insert({
    approval_id: `apr_${id}`,
    ordinal: 0,
    tenant: 'default',
    kind: 'asked',
    tool: 'slack',
    target: '#reviews',
    due_at: new Date(),
  });
  await knex('breakwater.recovery').insert({ run_id: id, crashes: 1, checkpoints: 2 });
  await knex.transaction(async (trx) => {
    await sendInTransaction(trx, { runId: id, topic: 'u:late', value: 'unread', key: id });
  });
  // As a process leaves it that dies between a transaction's commit and its checkpoint.
  await knex('dbos.transaction_completion').insert({ workflow_id: id, function_num: 12_288, output: 'null' });
  for (const table of ['workflow_events', 'workflow_events_history', 'streams'])
    await knex(`dbos.${table}`).insert({ workflow_uuid: id, ...OF_TABLE[table] });
  return id;
}

const OF_TABLE: Readonly<Record<string, object>> = {
  workflow_events: { key: 'k', value: 'v' },
  workflow_events_history: { function_id: 1, key: 'k', value: 'v' },
  streams: { key: 'k', value: 'v', offset: 0 },
};

async function plantRow(id: string, { status = 'succeeded', endedMsAgo = 31 * DAY_MS, idempotencyKey }: Planted) {
  const endedAt = knex.raw(`clock_timestamp() - ? * interval '1 millisecond'`, [endedMsAgo]);
  await knex('breakwater.run').insert({
    id,
    tenant: 'default',
    workflow: 'flow',
    version: '1.0.0',
    hash: 'h',
    input: 'null',
    status,
    requester: 'user:a',
    request_digest: 'd',
    idempotency_key: idempotencyKey ?? null,
    created_at: knex.raw(`clock_timestamp() - interval '60 days'`),
    finished_at: ENDED.includes(status) ? endedAt : null,
  });
}

/** How many rows each table of both schemas holds, those left out that hold none of a run's. */
async function census(): Promise<Record<string, number>> {
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
      where table_schema in ('dbos', 'breakwater') and table_type = 'BASE TABLE' order by 1`,
  );
  const counts = await Promise.all(
    rows.map(async ({ name }) => [name, Number((await knex(name).count('* as n'))[0]?.['n'])] as const),
  );
  return Object.fromEntries(counts);
}

const kept = async (): Promise<string[]> => await knex('breakwater.run').orderBy('created_at').pluck<string[]>('id');

describe('deleteExpired', () => {
  it('leaves no row of a run in any table', async () => {
    const before = await census();
    await plant();
    const during = await census();

    expect(await deleteExpired(knex, HORIZONS, LIMIT)).toBe(1);

    expect(await census()).toEqual(before);
    // Whatever table may hold a row of a run held one: a new table of DBOS's must be thought of here.
    const untouched = Object.keys(before).filter((table) => before[table] === during[table]);
    expect(untouched).toEqual([
      'breakwater.api_key',
      'breakwater.audit',
      'breakwater.breaker_transition',
      'breakwater.bulk',
      'breakwater.bulk_run',
      'breakwater.circuit_breaker',
      'breakwater.definition',
      'breakwater.executor',
      'breakwater.memory',
      'breakwater.migration',
      'breakwater.migration_lock',
      'breakwater.shared_secret',
      'dbos.application_versions',
      'dbos.dbos_migrations',
      'dbos.dbos_transaction_completion_migrations',
      'dbos.event_dispatch_kv',
      'dbos.queues',
      'dbos.workflow_schedules',
    ]);
  });

  it('deletes runs of every final status, once they are old enough', async () => {
    for (const status of ENDED) await plant({ status });
    const young = await plant({ endedMsAgo: 29 * DAY_MS });

    expect(await deleteExpired(knex, HORIZONS, LIMIT)).toBe(ENDED.length);
    expect(await kept()).toEqual([young]);
  });

  it('never deletes a run that is not over, however old', async () => {
    const ids = [];
    for (const status of LIVE) ids.push(await plant({ status }));

    expect(await deleteExpired(knex, { retentionMs: 0, keyedMs: 0 }, LIMIT)).toBe(0);
    expect(await kept()).toEqual(ids);
  });

  it.each(['PENDING', 'ENQUEUED', 'DELAYED'])('leaves a run alone whose workflow is still %s', async (status) => {
    const id = await plant();
    const row = knex('dbos.workflow_status').where('workflow_uuid', id);
    await row.clone().update({ status, queue_name: 'breakwater_stuck', executor_id: engine.durable.executorId });

    expect(await deleteExpired(knex, HORIZONS, LIMIT)).toBe(0);
    await row.clone().update({ status: 'SUCCESS' });
  });

  it('keeps a run that was started under an idempotency key for a day, however short the retention', async () => {
    const keyed = await plant({ endedMsAgo: 23 * HOUR_MS, idempotencyKey: 'young' });
    await plant({ endedMsAgo: 25 * HOUR_MS, idempotencyKey: 'old' });
    await plant({ endedMsAgo: 23 * HOUR_MS });

    expect(await deleteExpired(knex, { retentionMs: HOUR_MS, keyedMs: DAY_MS }, LIMIT)).toBe(2);
    expect(await kept()).toEqual([keyed]);
  });

  it('takes the workflows that a run started or was copied into along, but no other run', async () => {
    const id = await plant();
    const child = await plant();
    const fork = await plant({ endedMsAgo: 0 });
    await knex('breakwater.run').where({ id: child }).delete();
    await knex('breakwater.recovery').where({ run_id: child }).delete();
    await knex('dbos.workflow_status').where({ workflow_uuid: child }).update({ parent_workflow_id: id });
    await knex('dbos.workflow_status').where({ workflow_uuid: fork }).update({ forked_from: id });

    await deleteExpired(knex, HORIZONS, LIMIT);

    expect(await knex('dbos.workflow_status').pluck('workflow_uuid')).toEqual([fork]);
    expect(new Set(await knex('dbos.operation_outputs').pluck('workflow_uuid'))).toEqual(new Set([fork]));
  });

  it('shares the work with others that delete at the same time: each run goes once', async () => {
    for (let n = 0; n < 12; n++) await plant();

    const deleted = await Promise.all([1, 2, 3].map(async () => await deleteExpired(knex, HORIZONS, 5)));

    expect(deleted.reduce((sum, each) => sum + each)).toBe(12);
    expect(await kept()).toEqual([]);
  });

  it('deletes a batch whole or not at all when it is cut off', async () => {
    for (let n = 0; n < 3; n++) await plant();
    const before = await census();
    const victim = createKnex(engine.url, { max: 1, name: 'retention-victim' });
    const blocker = await knex.transaction();
    await blocker('dbos.workflow_status')
      .where({ workflow_uuid: (await kept())[2] })
      .forUpdate();

    const cut = expect(deleteExpired(victim, HORIZONS, LIMIT)).rejects.toThrow();
    await until(async () => await terminateBlocked('retention-victim'), { what: 'the batch to be cut off' });
    await cut;
    await blocker.rollback();
    await victim.destroy();

    expect(await census()).toEqual(before);
    expect(await deleteExpired(knex, HORIZONS, LIMIT)).toBe(3);
  });

  it('leaves a run that somebody has locked, such as to reopen it', async () => {
    const id = await plant();
    const other = await knex.transaction();
    await other('breakwater.run').where({ id }).forUpdate();

    expect(await deleteExpired(knex, HORIZONS, LIMIT)).toBe(0);
    await other.rollback();
  });

  it('keeps the size of every table flat over cycles of start, end and expiry', async () => {
    const sizes = [];
    for (let cycle = 0; cycle < 5; cycle++) {
      for (let n = 0; n < 3; n++) await plant({ endedMsAgo: 0 });
      await deleteExpired(knex, { retentionMs: 0, keyedMs: 0 }, LIMIT);
      sizes.push(await census());
    }

    expect(new Set(sizes.map((size) => JSON.stringify(size))).size).toBe(1);
  });
});

async function terminateBlocked(application: string): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = ? and wait_event_type = 'Lock'`,
    [application],
  );
  return rows.length > 0;
}

describe('startRetention', () => {
  it('goes on until nothing old is left, and tells how much it deleted', async () => {
    for (let n = 0; n < 3; n++) await plant();
    const events: RoomEvent[] = [];

    const loop = startRetention({ knex, retentionMs: 30 * DAY_MS, emit: (event) => events.push(event) });
    await until(() => events.length > 0, { what: 'a batch' });
    await loop.stop();

    expect(events).toEqual([{ level: 'info', name: 'retention.deleted', fields: { runs: 3 } }]);
    expect(await kept()).toEqual([]);
  });

  it('deletes nothing when it is off', async () => {
    const id = await plant();

    const loop = startRetention({ knex, retentionMs: undefined, emit: () => undefined });
    await loop.stop();

    expect(await kept()).toEqual([id]);
  });
});
