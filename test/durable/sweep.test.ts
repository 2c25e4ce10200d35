// The sweep on planted orphans: freed once whoever sweeps, and each death laid to whom it may concern.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { sweepChunk } from '../../src/durable/sweep.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { crashesOf, plantCheckpoint, plantExecutor, plantRuns, workflowRows } from './planted.ts';
import type { PlantedRun } from './planted.ts';

let knex: Knex;
const others: Knex[] = [];
beforeAll(async () => {
  const url = await createTestDatabase('sweep');
  knex = createKnex(url, { max: 3, name: 'test' });
  others.push(createKnex(url, { max: 1, name: 'test-2' }), createKnex(url, { max: 1, name: 'test-3' }));
});
afterAll(async () => {
  await Promise.all([knex, ...others].map((each) => each.destroy()));
});

function sweeper(on: Knex = knex) {
  const events: RoomEvent[] = [];
  const stuck: { runId: string; error: unknown }[] = [];
  const sweep = async (): Promise<number> =>
    await sweepChunk({
      knex: on,
      emit: (event) => void events.push(event),
      onStuck: async (_trx, runId, error) => void stuck.push({ runId, error }),
    });
  return { sweep, events, stuck };
}

/** An executor that died a minute ago, with these runs on it. */
async function deadExecutor(runs: readonly Omit<PlantedRun, 'executor' | 'status'>[]): Promise<string> {
  const executor = `dead ${randomUUID()}`;
  await plantExecutor(knex, executor, -60_000);
  await plantRuns(
    knex,
    runs.map((run) => ({ ...run, status: 'PENDING' as const, executor })),
  );
  return executor;
}

describe('the sweep', () => {
  it('frees each run of a dead executor once, however many sweep', async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `many ${n}`);
    await deadExecutor(ids.map((id) => ({ id })));

    const freed = await Promise.all([knex, ...others].map(async (each) => await sweeper(each).sweep()));

    expect(freed.reduce((sum, each) => sum + each, 0)).toBe(100);
    const rows = await workflowRows(knex, ids);
    expect(new Set([...rows.values()].map(({ status, queue, owner }) => `${status} ${queue} ${owner}`))).toEqual(
      new Set(['ENQUEUED breakwater_runs null']),
    );
    expect(new Set(Object.values(await crashesOf(knex, ids)))).toEqual(new Set([1]));
  });

  it('leaves the runs of an executor that is alive, and of another protocol', async () => {
    await plantExecutor(knex, 'alive', 600_000);
    await plantExecutor(knex, 'old', -60_000);
    await plantRuns(knex, [
      { id: 'alive run', status: 'PENDING', executor: 'alive' },
      { id: 'old run', status: 'PENDING', executor: 'old', protocol: 'breakwater-0' },
    ]);

    expect(await sweeper().sweep()).toBe(0);
  });

  it('counts no crash for an executor that gave its lease up', async () => {
    await plantRuns(knex, [{ id: 'left', status: 'PENDING', executor: 'gone of its own will' }]);

    expect(await sweeper().sweep()).toBe(1);

    expect(await crashesOf(knex, ['left'])).toEqual({});
  });

  it('counts no crash for an executor whose lease ran out while Postgres was down', async () => {
    const executor = await deadExecutor([{ id: 'outage' }]);
    await knex
      .withSchema('breakwater')
      .table('executor')
      .where({ id: executor })
      .update({ heartbeat_at: knex.raw(`pg_postmaster_start_time() - interval '1 second'`) });

    await sweeper().sweep();

    expect(await crashesOf(knex, ['outage'])).toEqual({});
  });

  it('counts no crash for a run that waits, is paused or is held', async () => {
    const ids = ['waiting', 'paused', 'held'];
    await deadExecutor(ids.map((id) => ({ id, runStatus: id })));
    await deadExecutor([{ id: 'acting', runStatus: 'running' }]);

    await sweeper().sweep();

    expect(await crashesOf(knex, [...ids, 'acting'])).toEqual({ acting: 1 });
  });

  it('counts from one again after a checkpoint', async () => {
    await deadExecutor([{ id: 'got on', crashes: 4 }]);
    await plantCheckpoint(knex, 'got on');

    await sweeper().sweep();

    expect(await crashesOf(knex, ['got on'])).toEqual({ 'got on': 1 });
  });

  it('lays a crash to the probationer alone, even when it is swept in another chunk', async () => {
    const neighbours = Array.from({ length: 520 }, (_, n) => `neighbour ${n}`);
    await deadExecutor([{ id: 'probationer', crashes: 3 }, ...neighbours.map((id) => ({ id }))]);

    const chunks = [await sweeper().sweep(), await sweeper().sweep(), await sweeper().sweep()];

    expect(chunks).toEqual([500, 21, 0]);
    expect(await crashesOf(knex, ['probationer', ...neighbours])).toEqual({ probationer: 4 });
  });

  it('leaves a probationer until its neighbours are freed', async () => {
    await deadExecutor([{ id: 'last', crashes: 2 }, { id: 'busy neighbour' }]);
    const other = await others[0]!.transaction();
    await other.withSchema('dbos').table('workflow_status').where({ workflow_uuid: 'busy neighbour' }).forUpdate();

    expect(await sweeper().sweep()).toBe(0);
    await other.rollback();

    expect(await sweeper().sweep()).toBe(2);
    expect(await crashesOf(knex, ['last', 'busy neighbour'])).toEqual({ last: 3 });
  });

  it('sets a run aside at its fifth crash without progress, with what to do about it', async () => {
    await deadExecutor([{ id: 'poison', crashes: 4 }]);
    const { sweep, stuck, events } = sweeper();

    await sweep();

    expect((await workflowRows(knex, ['poison'])).get('poison')).toMatchObject({
      status: 'ENQUEUED',
      queue: 'breakwater_stuck',
      owner: null,
    });
    expect(stuck).toMatchObject([
      { runId: 'poison', error: { code: 'POISON', remedy: expect.stringContaining('release the run') } },
    ]);
    expect(events.find(({ name }) => name === 'sweep.quarantined')).toMatchObject({ level: 'error' });
    expect(await crashesOf(knex, ['poison'])).toEqual({});
  });
});
