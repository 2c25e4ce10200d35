// Claims: what one statement takes off the queue, on planted rows; and the loop around it on a launched engine.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { claimRuns, notifyClaimers } from '../../src/durable/claim-store.ts';
import type { Claim } from '../../src/durable/claim-store.ts';
import { StuckError, currentRun, registerDurable, runStep } from '../../src/durable/index.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';
import { plantCheckpoint, plantExecutor, plantRuns, workflowRows } from './planted.ts';

const began = new Map<string, number>();

registerDurable('test.claimed', async () => {
  began.set(currentRun().runId, performance.now());
  await runStep(4_096, 'only', async () => null);
});

describe('claimRuns', () => {
  let knex: Knex;
  beforeAll(async () => {
    knex = createKnex(await createTestDatabase('claim'), { max: 3, name: 'test' });
    for (const id of ['one', 'two']) await plantExecutor(knex, id, 600_000);
    await plantExecutor(knex, 'late', -1);
  });
  afterEach(async () => {
    await knex.withSchema('dbos').table('workflow_status').delete();
    await knex.withSchema('breakwater').table('recovery').delete();
  });
  afterAll(async () => await knex.destroy());

  const claim = async (executorId = 'one', limit = 50): Promise<Claim> =>
    await claimRuns(knex, { executorId, ownerXid: randomUUID(), limit });

  it('takes the most urgent first, then the oldest, and makes them this executor’s', async () => {
    await plantRuns(knex, [
      { id: 'low', priority: 3 },
      { id: 'normal', priority: 2 },
      { id: 'urgent', priority: 0 },
    ]);

    expect((await claim('one', 2)).runIds).toEqual(['urgent', 'normal']);

    expect((await workflowRows(knex, ['urgent'])).get('urgent')).toMatchObject({ status: 'PENDING', executor: 'one' });
    expect((await claim('two', 2)).runIds).toEqual(['low']);
  });

  it('gives each run to one of two executors that claim at once', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `run ${n}`);
    await plantRuns(
      knex,
      ids.map((id) => ({ id })),
    );

    const claims = await Promise.all([claim('one', 20), claim('two', 20)]);

    const taken = claims.flatMap(({ runIds }) => runIds);
    expect(new Set(taken).size).toBe(taken.length);
    expect(Math.max(...claims.map(({ runIds }) => runIds.length))).toBeLessThanOrEqual(20);
  });

  it('passes over what another executor is about to take, without waiting for it', async () => {
    await plantRuns(knex, [
      { id: 'older', priority: 0 },
      { id: 'newer', priority: 1 },
    ]);
    const ofTwo = { executorId: 'two', ownerXid: randomUUID(), limit: 1 };

    const meanwhile = await knex.transaction(async (trx) => {
      expect((await claimRuns(trx, ofTwo)).runIds).toEqual(['older']);
      return await claim('one');
    });

    expect(meanwhile.runIds).toEqual(['newer']);
  });

  it('takes a delayed run when it is due, and tells when the next one will be', async () => {
    await plantRuns(knex, [
      { id: 'due', status: 'DELAYED', delayMs: -1 },
      { id: 'later', status: 'DELAYED', delayMs: 60_000 },
    ]);

    const { runIds, nextDueMs } = await claim();

    expect(runIds).toEqual(['due']);
    expect(nextDueMs).toBeGreaterThan(30_000);
    expect(nextDueMs).toBeLessThanOrEqual(60_000);
  });

  it('leaves other protocols and other queues', async () => {
    await plantRuns(knex, [
      { id: 'old', protocol: 'breakwater-0' },
      { id: 'stuck', queue: 'breakwater_stuck' },
    ]);

    expect((await claim()).runIds).toEqual([]);
  });

  it('gives nothing to an executor whose lease has run out', async () => {
    await plantRuns(knex, [{ id: 'run' }]);

    expect((await claim('late')).runIds).toEqual([]);
    expect((await claim('one')).runIds).toEqual(['run']);
  });

  it('gives an executor one probationer at a time, the least counted first, until it gets on', async () => {
    await plantRuns(knex, [
      { id: 'worse', crashes: 4 },
      { id: 'better', crashes: 2 },
      { id: 'innocent', crashes: 1 },
    ]);

    expect(new Set((await claim('one')).runIds)).toEqual(new Set(['better', 'innocent']));
    expect(await claim('one')).toMatchObject({ runIds: [], probationersWait: true });
    await plantCheckpoint(knex, 'better');

    expect((await claim('one')).runIds).toEqual(['worse']);
  });

  it('gives another executor the next probationer meanwhile', async () => {
    await plantRuns(knex, [
      { id: 'first', crashes: 2 },
      { id: 'second', crashes: 2, status: 'DELAYED', delayMs: -1 },
    ]);

    const taken = [await claim('one'), await claim('two')].map(({ runIds }) => runIds.length);

    expect(taken).toEqual([1, 1]);
  });

  it('takes a run that waits like any other, whatever was counted', async () => {
    await plantRuns(knex, [
      { id: 'waits', crashes: 4, runStatus: 'waiting' },
      { id: 'probationer', crashes: 2 },
    ]);

    expect(new Set((await claim('one')).runIds)).toEqual(new Set(['waits', 'probationer']));
  });
});

describe('the claim loop', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(async () => await engine.stop());

  /** Committed to the queue as a process without an engine does it, by a row that a run of the same shape left. */
  async function enqueue(change: Record<string, unknown> = {}): Promise<string> {
    const runId = await engine.start('test.claimed');
    await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: 'the pattern to end' });
    began.delete(runId);
    await engine.knex.transaction(async (trx) => {
      await trx.withSchema('dbos').table('operation_outputs').where('workflow_uuid', runId).delete();
      await trx
        .withSchema('dbos')
        .table('workflow_status')
        .where('workflow_uuid', runId)
        .update({ status: 'ENQUEUED', queue_name: 'breakwater_runs', owner_xid: null, ...change });
      await notifyClaimers(trx);
    });
    return runId;
  }

  /** The median of some waits between a commit and the body's begin: alone the poll takes most of a second. */
  async function medianWaitMs(): Promise<number> {
    const waits: number[] = [];
    for (let n = 0; n < 5; n++) {
      const enqueued = await enqueue();
      const committedAt = performance.now();
      await until(() => began.has(enqueued), { what: 'the run to begin' });
      waits.push((began.get(enqueued) ?? 0) - committedAt);
    }
    return waits.toSorted((a, b) => a - b)[2] ?? Number.POSITIVE_INFINITY;
  }

  async function reasonSetAside(runId: string): Promise<unknown> {
    const isIt = ({ name, fields }: RoomEvent): boolean => name === 'claim.set_aside' && fields['run'] === runId;
    await until(() => engine.events.some(isIt), { what: 'it to be set aside' });
    return engine.stuck.find((each) => each.runId === runId)?.error;
  }

  it('begins a run as soon as its commit is told of', async () => {
    expect(await medianWaitMs()).toBeLessThan(600);
  });

  it('listens again after its connection was killed', async () => {
    const listeners = `select pid from pg_stat_activity where application_name = 'breakwater-claim' and datname = current_database()`;
    const { rows: before } = await execute(engine.url, listeners);
    await execute(engine.url, `select pg_terminate_backend(pid) from (${listeners}) listener`);
    await until(
      async () => {
        const { rows } = await execute(engine.url, listeners);
        return rows.length === 1 && rows[0]?.['pid'] !== before[0]?.['pid'];
      },
      { what: 'a new listener' },
    );

    expect(await medianWaitMs()).toBeLessThan(600);
  });

  it('sets a run aside whose workflow nobody knows, with what to do about it', async () => {
    const runId = await enqueue({ name: 'test.unheard-of' });

    const error = await reasonSetAside(runId);

    expect(error).toBeInstanceOf(StuckError);
    expect(error).toMatchObject({ code: 'UNKNOWN_WORKFLOW', message: expect.stringContaining('test.unheard-of') });
    expect(await engine.workflowRow(runId)).toMatchObject({ status: 'ENQUEUED', queue_name: 'breakwater_stuck' });
  });

  it('sets a run aside whose input cannot be read', async () => {
    const runId = await enqueue({ queue_name: 'elsewhere' });
    await execute(engine.url, `update dbos.workflow_input set inputs = 'not json' where workflow_uuid = '${runId}'`);
    await execute(
      engine.url,
      `update dbos.workflow_status set queue_name = 'breakwater_runs' where workflow_uuid = '${runId}'`,
    );

    const error = await reasonSetAside(runId);

    expect(error).toMatchObject({ code: 'UNREADABLE_INPUT' });
    expect(await engine.workflowRow(runId)).toMatchObject({ status: 'ENQUEUED', queue_name: 'breakwater_stuck' });
  });

  it('goes on after its statements were refused, without hurry', async () => {
    const failures = (): number => engine.events.filter(({ name }) => name === 'claim.failed').length;
    const before = failures();
    await execute(engine.url, 'alter table breakwater.recovery rename to recovery_away');
    for (let n = 0; n < 50; n++) await notifyClaimers(engine.knex);
    await until(() => failures() > before + 1, { what: 'two claims to fail' });
    await execute(engine.url, 'alter table breakwater.recovery_away rename to recovery');

    const runId = await enqueue();
    await until(() => began.has(runId), { what: 'the run to begin' });
    expect(failures() - before).toBeLessThan(6);
  });
});
