// Runs that end together: one statement for the caller's row, the last step and the outcome, and none of them without the others.
import { DEBUG_TRIGGER_STEP_COMMIT, clearDebugTriggers, setDebugTrigger } from '@dbos-inc/dbos-sdk/internal/debugpoint';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { currentRun, openEnds, registerDurable, runTransaction } from '../../src/durable/index.ts';
import type { Companion, EndTogether } from '../../src/durable/index.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

interface Row {
  readonly id: string;
  readonly says: string;
}

const COMPANION: Companion<Row> = {
  name: 'test',
  text: (first) => `
    update public.goal as goal set is_reached = true, says = said.says
      from json_to_recordset($${first}::json) as said (id text, says text) join owned on owned.run = said.id
     where goal.id = said.id and goal.is_wanted
    returning goal.id as run`,
  values: (rows) => [JSON.stringify(rows)],
};

let url: string;
let engine: TestEngine;
let endTogether: EndTogether<Row>;
let serial = 0;
let statements: string[] = [];
/** What each end was told, by run. */
const answers = new Map<string, (boolean | string)[]>();
/** What happens to a run before it ends, and what it says. */
const meanwhile = new Map<string, () => Promise<unknown>>();
const saying = new Map<string, string>();
/** Runs that end in one turn of the event loop. */
let gate = Promise.withResolvers<void>();
let arrived = 0;
const { query } = pg.Client.prototype;

async function end(): Promise<boolean> {
  const { runId } = currentRun();
  return await endTogether({ id: 2, name: 'end', row: { id: runId, says: saying.get(runId) ?? '' } });
}

registerDurable('ends.together', async () => {
  const { runId } = currentRun();
  await meanwhile.get(runId)?.();
  arrived++;
  await gate.promise;
  const told = answers.get(runId) ?? [];
  answers.set(runId, told);
  told.push(await end());
  if (told.at(-1) === true) return;
  await runTransaction(2, 'end', async (trx) => {
    await trx('public.goal').where({ id: runId }).update({ is_reached: true, says: 'the long way' });
    return null;
  });
});

beforeAll(async () => {
  url = await createTestDatabase('end_group');
  await execute(url, `alter database ${new URL(url).pathname.slice(1)} set deadlock_timeout = '2s'`);
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...args: unknown[]): unknown {
      statements.push(JSON.stringify(args[0]));
      return Reflect.apply(query, this, args);
    },
  });
  engine = await openEngine({ url, groupCheckpoints: true });
  await execute(
    url,
    'create table public.goal (id text primary key, is_wanted boolean not null, is_reached boolean, says text)',
  );
  endTogether = openEnds(engine.knex, COMPANION);
});
afterEach(() => clearDebugTriggers());
afterAll(async () => {
  Object.assign(pg.Client.prototype, { query });
  await engine.stop();
});

/** Runs that stand before their end; `let` lets all of them end in one turn. */
async function runsBeforeTheirEnd(
  count: number,
  prepare: (ids: readonly string[]) => Promise<unknown> = async () => undefined,
): Promise<{ ids: readonly string[]; letEnd: () => void }> {
  const ids = Array.from({ length: count }, () => `run_ending_${serial++}`);
  gate = Promise.withResolvers<void>();
  arrived = 0;
  await engine.knex('public.goal').insert(ids.map((id) => ({ id, is_wanted: true })));
  await prepare(ids);
  for (const id of ids) await engine.start('ends.together', null, id);
  await until(() => arrived === count, { what: 'all runs to stand before their end' });
  statements = [];
  return { ids, letEnd: gate.resolve };
}

interface Fate {
  readonly status: string;
  readonly isReached: boolean | null;
  readonly says: string | null;
  readonly steps: number;
  readonly outcomes: number;
}

async function fatesOf(ids: readonly string[]): Promise<Fate[]> {
  const sql = `
    select w.status, g.is_reached as "isReached", g.says,
           (select count(*)::int from dbos.operation_outputs o where o.workflow_uuid = g.id) as steps,
           (select count(*)::int from dbos.workflow_output o where o.workflow_uuid = g.id) as outcomes
      from public.goal g join dbos.workflow_status w on w.workflow_uuid = g.id
     where g.id = any('{${ids.join(',')}}') order by length(g.id), g.id`;
  return (await execute(url, sql)).rows as unknown as Fate[];
}

async function untilOver(ids: readonly string[]): Promise<Fate[]> {
  return await until(
    async () => {
      const fates = await fatesOf(ids);
      return fates.every(({ status }) => status === 'SUCCESS') && engine.durable.running === 0 && fates;
    },
    { what: 'all runs to be over' },
  );
}

const ends = () => statements.filter((text) => text.includes('breakwater.end.test'));
const toldTo = (ids: readonly string[]) => ids.map((id) => answers.get(id));
const over = (says: string) => ({ status: 'SUCCESS', isReached: true, says, steps: 1, outcomes: 1 });
const TOGETHER = over('');
const ALONE = over('the long way');

/** A session of somebody else, in a transaction. */
async function intruder(...texts: string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  for (const text of texts) await client.query(text);
  return client;
}

async function leave(client: pg.Client): Promise<void> {
  await client.query('rollback');
  await client.end();
}

/** The session that waits for a lock in a statement with this text in it. */
async function waiter(text = 'with item'): Promise<number> {
  const sql = `select pid from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock' and query like '%${text}%'`;
  return await until(async () => (await execute(url, sql)).rows[0]?.['pid'] as number, {
    what: 'a statement to wait for a lock',
  });
}

const wantNoMore = async (id: string | undefined) =>
  await execute(url, `update public.goal set is_wanted = false where id = '${id}'`);

describe('ends at the same time', () => {
  it('are one statement, after which DBOS has nothing left to write', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(8);

    letEnd();

    expect(await untilOver(ids)).toEqual(ids.map(() => TOGETHER));
    expect(ends()).toHaveLength(1);
    expect(
      statements.filter((text) => /breakwater\.finish|insert into \\"dbos\\"\.workflow_output/i.test(text)),
    ).toEqual([]);
  });

  it('leave the rows that the long way leaves', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(2);
    await wantNoMore(ids[1]);

    letEnd();
    await untilOver(ids);

    const { rows } = await execute(
      url,
      `select w.owner_xid, w.deduplication_id, w.completed_at is null as is_open, w.output, w.error, r.output as result, r.error as problem,
              o.function_id, o.function_name, o.output as value, o.error as fault, o.child_workflow_id, o.serialization, o.application_name
         from dbos.workflow_status w join dbos.workflow_output r using (workflow_uuid) join dbos.operation_outputs o using (workflow_uuid)
        where workflow_uuid = any('{${ids.join(',')}}') order by workflow_uuid`,
    );
    expect(toldTo(ids)).toEqual([[true], [false]]);
    expect(rows[0]).toMatchObject({ function_name: 'end', function_id: 2, owner_xid: null, is_open: false });
    expect(rows[0]).toEqual(rows[1]);
  });

  it('leave out whose own row is not wanted, and whoever lost the run or is cancelled', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(4);
    const [unwanted, lost, cancelled, fine] = ids as [string, string, string, string];
    await wantNoMore(unwanted);
    await execute(url, `update dbos.workflow_status set owner_xid = 'another' where workflow_uuid = '${lost}'`);
    await execute(url, `update dbos.workflow_status set status = 'CANCELLED' where workflow_uuid = '${cancelled}'`);

    letEnd();

    expect(await untilOver([unwanted, fine])).toEqual([ALONE, TOGETHER]);
    expect(toldTo([lost, cancelled])).toEqual([[false], [false]]);
    expect(await fatesOf([lost, cancelled])).toMatchObject([
      { status: 'PENDING', isReached: null, steps: 0, outcomes: 0 },
      { status: 'CANCELLED', isReached: null, steps: 0, outcomes: 0 },
    ]);
  });

  it('find the one text that Postgres cannot hold', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(5, async ([, , third]) => saying.set(third!, 'NUL \0'));

    letEnd();

    expect(await untilOver(ids)).toEqual(ids.map((_, at) => (at === 2 ? ALONE : TOGETHER)));
  });

  it('do not wait for a row of a workflow that somebody changes', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(3);
    const [locked, ...others] = ids;
    const changing = await intruder(
      `select 1 from dbos.workflow_status where workflow_uuid = '${locked}' for no key update`,
    );

    letEnd();
    const ended = await until(
      async () => {
        const fates = await fatesOf(others);
        return fates.every(({ status }) => status === 'SUCCESS') && fates;
      },
      { what: 'the others to end' },
    );

    expect(ended).toEqual([TOGETHER, TOGETHER]);
    expect(toldTo([locked!])).toEqual([[false]]);
    await leave(changing);
    expect(await untilOver([locked!])).toEqual([ALONE]);
  });

  it('go the long way after a deadlock, each for itself', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(3);
    // Holds a row that the statement waits for, then wants one that it holds; the first to look for a deadlock is its victim.
    const rival = await intruder(
      `set local deadlock_timeout = '60s'`,
      `select 1 from public.goal where id = '${ids[0]}' for update`,
    );

    letEnd();
    await waiter();
    const wants = rival.query(`select 1 from dbos.workflow_status where workflow_uuid = '${ids[1]}' for update`);
    await until(() => toldTo(ids).every((told) => told?.[0] === false), { what: 'the statement to be refused' });
    await wants;
    await leave(rival);

    expect(await untilOver(ids)).toEqual([ALONE, ALONE, ALONE]);
  });

  it('wait for nobody longer than a statement may', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(2);
    const rival = await intruder(`select 1 from public.goal where id = '${ids[0]}' for update`);

    letEnd();
    await execute(url, `select pg_cancel_backend(${await waiter()})`);
    await until(() => toldTo(ids).every((told) => told?.[0] === false), { what: 'the statement to be refused' });
    await leave(rival);

    expect(await untilOver(ids)).toEqual([ALONE, ALONE]);
  });

  it('are found in the database when the connection was cut under way', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(2);
    const rival = await intruder(`select 1 from public.goal where id = '${ids[0]}' for update`);

    letEnd();
    await execute(url, `select pg_terminate_backend(${await waiter()})`);
    await until(() => toldTo(ids).every((told) => told?.[0] === false), { what: 'the statement to be refused' });
    await leave(rival);

    expect(await untilOver(ids)).toEqual([ALONE, ALONE]);
  });

  it('are not repeated when the answer of their commit was lost', async () => {
    const { ids, letEnd } = await runsBeforeTheirEnd(2);
    let lost = 0;
    setDebugTrigger(DEBUG_TRIGGER_STEP_COMMIT, {
      callback: () => {
        if (lost++ < ids.length) throw Object.assign(new Error('cut after the commit'), { code: 'ECONNRESET' });
      },
    });

    letEnd();

    expect(await untilOver(ids)).toEqual([TOGETHER, TOGETHER]);
    expect(toldTo(ids)).toEqual([[false], [false]]);
  });
});
