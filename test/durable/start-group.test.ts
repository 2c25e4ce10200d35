// Runs that start together: one statement for all of them and their rows, and no row of one without the other.
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { currentRun, openStarts, registerDurable, runStep, startInTransaction } from '../../src/durable/index.ts';
import type { Companion, StartTogether } from '../../src/durable/index.ts';
import { execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

interface Row {
  readonly id: string;
  readonly key: string;
}

const COMPANION: Companion<Row> = {
  name: 'test',
  text: (first) => `
    insert into public.companion (id, key) select id, key from json_to_recordset($${first}::json) as said (id text, key text)
        on conflict (key) do nothing
    returning id as run`,
  values: (rows) => [JSON.stringify(rows)],
};

const executions: { runId: string; isFirst: boolean }[] = [];
let engine: TestEngine;
let startTogether: StartTogether<Row>;
let serial = 0;
let statements: string[] = [];
const { query } = pg.Client.prototype;

registerDurable('starts.step', async () => {
  const { runId, isFirst } = currentRun();
  executions.push({ runId, isFirst });
  await runStep(4_096, 'step', async () => null);
});

registerDurable('starts.gives-back', async () => {
  const { runId, isFirst } = currentRun();
  executions.push({ runId, isFirst });
  await runStep(4_096, 'step', async () => null);
  if (isFirst) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
});

beforeAll(async () => {
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...args: unknown[]): unknown {
      statements.push(JSON.stringify(args[0]));
      return Reflect.apply(query, this, args);
    },
  });
  engine = await openEngine({ groupCheckpoints: true });
  await execute(engine.url, 'create table public.companion (id text primary key, key text unique)');
  startTogether = openStarts(engine.knex, COMPANION);
});
beforeEach(() => {
  statements = [];
});
afterAll(async () => {
  Object.assign(pg.Client.prototype, { query });
  await engine.stop();
});

function newStart({ workflow = 'starts.step', input = null, key = '' } = {}) {
  const runId = `run_together_${serial++}`;
  return { start: { runId, name: workflow, input }, row: { id: runId, key: key || runId } };
}

const startAll = async (starts: readonly ReturnType<typeof newStart>[]) =>
  await Promise.allSettled(starts.map(async ({ start, row }) => await startTogether(start, row)));

async function rowsOf(starts: readonly ReturnType<typeof newStart>[]): Promise<string[][]> {
  const ids = starts.map(({ start }) => start.runId);
  const workflows = await engine
    .knex('dbos.workflow_status')
    .whereIn('workflow_uuid', ids)
    .orderBy('workflow_uuid')
    .pluck<string[]>('workflow_uuid');
  const companions = await engine.knex('public.companion').whereIn('id', ids).orderBy('id').pluck<string[]>('id');
  return [workflows, companions];
}

const workflowOf = (runId = '') =>
  `insert into dbos.workflow_status (workflow_uuid, status, name, application_name) values ('${runId}', 'PENDING', 'rival', 'nobody')`;

const startsSent = () => statements.filter((text) => text.includes('breakwater.start.test'));
const INSERTED = { status: 'fulfilled', value: { begin: expect.any(Function) as unknown } };
const NOT_DONE = { status: 'fulfilled', value: undefined };

describe('starts at the same time', () => {
  it('are one statement, and their rows are there when it answers', async () => {
    const starts = Array.from({ length: 10 }, () => newStart());
    const ids = starts.map(({ start }) => start.runId).toSorted();

    const results = await startAll(starts);

    expect(results).toEqual(starts.map(() => INSERTED));
    expect(startsSent()).toHaveLength(1);
    expect(await rowsOf(starts)).toEqual([ids, ids]);
  });

  it('leave out whose own row is not wanted, in the same group and after it', async () => {
    const [first, twin, other] = [newStart({ key: 'taken' }), newStart({ key: 'taken' }), newStart()];
    const late = newStart({ key: 'taken' });

    const results = [...(await startAll([first, twin, other])), ...(await startAll([late]))];

    expect(results).toMatchObject([INSERTED, NOT_DONE, INSERTED, NOT_DONE]);
    expect(await rowsOf([twin, late])).toEqual([[], []]);
  });

  it('find the one input that Postgres cannot hold', async () => {
    const starts = Array.from({ length: 5 }, (_, at) => newStart({ key: at === 3 ? 'NUL \0' : '' }));

    const results = await startAll(starts);

    expect(results).toMatchObject(starts.map((_, at) => (at === 3 ? NOT_DONE : INSERTED)));
    expect(await rowsOf(starts.slice(3, 4))).toEqual([[], []]);
  });

  it('leave no row of the caller beside a workflow that is there already', async () => {
    const [taken, other] = [newStart(), newStart()];
    await engine.knex.transaction(async (trx) => await startInTransaction(trx, taken.start));

    const results = await startAll([taken, other]);

    expect(results).toMatchObject([NOT_DONE, NOT_DONE]);
    expect(await rowsOf([taken, other])).toEqual([[taken.start.runId], []]);
  });

  it('wait for nobody longer than a statement may: each is then for its caller to start', async () => {
    const rival = new pg.Client({ connectionString: engine.url });
    await rival.connect();
    await rival.query(`begin; insert into public.companion values ('rival', 'contested')`);
    const starts = [newStart({ key: 'contested' }), newStart()];

    const results = startAll(starts);
    await execute(engine.url, `select pg_cancel_backend(${await waiter()})`);

    expect(await results).toMatchObject([NOT_DONE, NOT_DONE]);
    await rival.query('rollback');
    await rival.end();
    expect(await rowsOf(starts)).toEqual([[], []]);
  });

  it('leave nothing after a deadlock: each is then for its caller to start', async () => {
    const starts = [newStart({ key: 'deadlocked' }), newStart()];
    const [first, second] = starts.map(({ start }) => start.runId);
    const rival = new pg.Client({ connectionString: engine.url });
    await rival.connect();
    // Has the row that the statement inserts last, then wants one that it has; the first to look for a deadlock is its victim.
    await rival.query(`begin; set local deadlock_timeout = '60s'`);
    await rival.query(workflowOf(second));

    const results = startAll(starts);
    await waiter();
    await rival.query(workflowOf(first));

    expect(await results).toMatchObject([NOT_DONE, NOT_DONE]);
    await rival.query('rollback');
    await rival.end();
    expect(await rowsOf(starts)).toEqual([[], []]);
  });

  it('tell every caller of a connection that was cut, for nobody knows what was committed', async () => {
    const rival = new pg.Client({ connectionString: engine.url });
    await rival.connect();
    await rival.query(`begin; insert into public.companion values ('rival', 'cut')`);
    const starts = [newStart({ key: 'cut' }), newStart()];

    const results = startAll(starts);
    await execute(engine.url, `select pg_terminate_backend(${await waiter()})`);

    expect(await results).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await rival.query('rollback');
    await rival.end();
  });
});

describe('a run that was started so', () => {
  const ended = async (runId: string): Promise<unknown> =>
    await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: 'the run to end' });

  it('asks nothing before its first step', async () => {
    const { start, row } = newStart();
    const before = engine.events.length;

    await (await startTogether(start, row))?.begin();
    await ended(start.runId);

    const kinds = engine.events.slice(before).filter(({ name }) => name === 'durable.group');
    expect(kinds.map(({ fields }) => fields['kind'])).toEqual(['record', 'outcome']);
  });

  it('is no longer new when another execution takes it up', async () => {
    const { start, row } = newStart({ workflow: 'starts.gives-back' });

    await (await startTogether(start, row))?.begin();
    await ended(start.runId);

    const seen = executions.filter(({ runId }) => runId === start.runId);
    expect(seen.map(({ isFirst }) => isFirst)).toEqual([true, false]);
  });
});

/** The session that waits for a lock. */
async function waiter(): Promise<number> {
  const sql = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  return await until(async () => (await execute(engine.url, sql)).rows[0]?.['pid'] as number, {
    what: 'a statement to wait for a lock',
  });
}
