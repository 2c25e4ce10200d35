// The pool under DBOS against a real server that refuses, dies and falls silent.
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { LostConnectionError, createPool, isOwnDatabaseError, type PoolOptions } from '../../src/postgres/index.ts';
import { createEmptyDatabase, execute } from '../support/database.ts';
import { PostgresProxy } from '../chaos/faults/index.ts';
import { until } from '../support/until.ts';

let url: string;
const leftovers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  url = await createEmptyDatabase('pool');
});

afterEach(async () => {
  for (const cleanUp of leftovers.splice(0).toReversed()) await cleanUp();
});

function setup(databaseUrl = url, options: Partial<PoolOptions> = {}) {
  const events: RoomEvent[] = [];
  const emit = (event: RoomEvent) => events.push(event);
  const pool = createPool(databaseUrl, { max: 3, name: 'pool-test', emit, ...options });
  leftovers.push(() => pool.end());
  return { pool, events };
}

async function setupProxied(options: Partial<PoolOptions> = {}) {
  const proxy = await PostgresProxy.start(url);
  leftovers.push(() => proxy.close());
  return { proxy, ...setup(proxy.through(url), options) };
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The first argument that a callback gets. */
function callbackError(call: (callback: (error: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve) => {
    call(resolve);
  });
}

const lostConnection = (sqlstate: string) => ({ code: 'ECONNRESET', cause: { code: sqlstate } });

describe('a session of the pool', () => {
  it('names itself and bounds how long a silent transaction may hold locks', async () => {
    const { pool } = setup();

    const { rows } = await pool.query(
      `select current_setting('application_name') as name, current_setting('idle_in_transaction_session_timeout') as idle`,
    );

    expect(rows).toEqual([{ name: 'pool-test', idle: '1min' }]);
  });
});

describe('relabelling', () => {
  it('turns a read-only database into a lost connection, for promises and callbacks, and resumes when it is writable', async () => {
    const readOnlyUrl = await createEmptyDatabase('read_only');
    const database = new URL(readOnlyUrl).pathname.slice(1);
    await execute(readOnlyUrl, 'create table written (id int)');
    await execute(url, `alter database ${database} set default_transaction_read_only = on`);
    const { pool, events } = setup(readOnlyUrl);
    const insert = 'insert into written values (1)';

    const byPromise = await failureOf(pool.query(insert));
    const byCallback = await callbackError((callback) => pool.query(insert, [], callback));
    const client = await pool.connect();
    const byClient = await failureOf(client.query({ text: insert }));
    client.release(true);

    for (const failure of [byPromise, byCallback, byClient]) {
      expect(failure).toBeInstanceOf(LostConnectionError);
      expect(failure).toMatchObject(lostConnection('25006'));
      expect(isOwnDatabaseError(failure)).toBe(true);
    }
    expect(events).toContainEqual({
      level: 'warn',
      name: 'postgres.relabelled',
      fields: { code: '25006', reason: expect.stringContaining('read-only') },
    });
    await execute(url, `alter database ${database} reset default_transaction_read_only`);
    await setup(readOnlyUrl).pool.query(insert);
    expect((await execute(readOnlyUrl, 'select * from written')).rowCount).toBe(1);
  });

  it('turns a refused login into a lost connection, for promises and callbacks', async () => {
    const refused = new URL(url);
    refused.password = 'rotated';
    const { pool } = setup(refused.href);

    expect(await failureOf(pool.connect())).toMatchObject(lostConnection('28P01'));
    expect(await callbackError((callback) => pool.connect(callback))).toMatchObject(lostConnection('28P01'));
    expect(await failureOf(pool.query('select 1'))).toMatchObject(lostConnection('28P01'));
  });

  it('turns a missing database and an unknown host into lost connections', async () => {
    const missing = setup(new URL('/no_such_database', url).href).pool;
    const unknownHost = setup('postgres://app:secret@no-such-host.invalid:5432/app').pool;

    expect(await failureOf(missing.query('select 1'))).toMatchObject(lostConnection('3D000'));
    const failure = await failureOf(unknownHost.query('select 1'));
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EAI_AGAIN)$/) });
  });

  it('turns a serialization failure into a lost connection', async () => {
    const { pool } = setup();
    await pool.query('create table counter as select 1 as n');
    const [one, two] = [await pool.connect(), await pool.connect()];
    for (const client of [one, two]) await client.query('begin isolation level serializable');
    for (const client of [one, two]) await client.query('select sum(n) from counter');
    await one.query('update counter set n = n + 1');
    await one.query('commit');

    const failure = await failureOf(two.query('update counter set n = n + 1'));

    expect(failure).toMatchObject(lostConnection('40001'));
    one.release();
    two.release(true);
  });

  it('never touches bad data, a duplicate or a cancelled statement', async () => {
    const { pool } = setup();
    const codeOfFailure = async (sql: string) => ((await failureOf(pool.query(sql))) as { code?: string }).code;

    expect(await codeOfFailure('select 1 / 0')).toBe('22012');
    expect(await codeOfFailure('create temp table t (id int primary key); insert into t values (1), (1)')).toBe(
      '23505',
    );
    expect(await codeOfFailure(`set statement_timeout = 20; select pg_sleep(5)`)).toBe('57014');
  });
});

describe('a dying connection', () => {
  it('fails its query with the code of the shutdown and leaves the process and the pool alive', async () => {
    const { pool, events } = setup();
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const failure = failureOf(client.query('select pg_sleep(20)'));

    await execute(url, `select pg_terminate_backend(${rows[0]?.pid})`);

    expect(await failure).toMatchObject({ code: '57P01' });
    await until(() => events.some((event) => event.name === 'postgres.connection-lost'), {
      what: 'the lost connection',
    });
    client.release();
    expect((await pool.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });

  it('is a lost connection to a query that comes before its socket has closed', async () => {
    const { pool } = setup();
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await client.query('begin');
    const failure = new Promise((resolve) => {
      client.once('error', () => resolve(failureOf(client.query('rollback'))));
    });

    await execute(url, `select pg_terminate_backend(${rows[0]?.pid})`);

    expect(await failure).toMatchObject({ code: 'ECONNRESET' });
    expect(isOwnDatabaseError(await failure)).toBe(true);
    client.release(true);
  });

  it('is announced when it was idle, and replaced', async () => {
    const { pool, events } = setup();
    const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');

    await execute(url, `select pg_terminate_backend(${rows[0]?.pid})`);

    await until(() => events.some((event) => event.name === 'postgres.idle-connection-lost'), {
      what: 'the idle loss',
    });
    expect((await pool.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  });
});

describe('the watchdog', () => {
  it('gives up a query that a silent network swallowed, and the next one works once bytes flow', async () => {
    const { proxy, pool } = await setupProxied({ watchdogMs: 200 });
    await pool.query('select 1');
    await proxy.partition('blackhole');

    const failure = await failureOf(pool.query('select 2'));

    expect(failure).toMatchObject({ name: 'SilentConnectionError', code: 'ECONNRESET' });
    expect(isOwnDatabaseError(failure)).toBe(true);
    await proxy.heal();
    expect((await pool.query('select 3 as answer')).rows).toEqual([{ answer: 3 }]);
  });

  it('gives up a connection that is never answered', async () => {
    const { proxy, pool } = await setupProxied({ watchdogMs: 200 });
    await proxy.partition('blackhole');

    expect(await failureOf(pool.connect())).toMatchObject({ code: 'ECONNRESET' });
  });

  it('lets a long query live as long as the server says something', async () => {
    const { pool } = setup(url, { watchdogMs: 400 });
    const chatty = `do $$ begin for i in 1..12 loop perform pg_sleep(0.1); raise notice 'still here'; end loop; end $$`;

    await expect(pool.query(chatty)).resolves.toMatchObject({ command: 'DO' });
  });

  it('leaves an idle connection that listens alone', async () => {
    const { pool } = setup(url, { watchdogMs: 500 });
    const listener = await pool.connect();
    const heard: string[] = [];
    listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await listener.query('listen news');

    await execute(url, 'select pg_sleep(1.2)');
    await execute(url, `notify news, 'still here'`);

    await until(() => heard.length > 0, { what: 'the notification' });
    expect(heard).toEqual(['still here']);
    listener.release();
  });

  it('waits for ever when it is switched off', async () => {
    const { proxy, pool } = await setupProxied({ watchdogMs: 0 });
    await pool.query('select 1');
    await proxy.partition('blackhole');
    const answer = pool.query('select 4 as answer');
    await execute(url, 'select pg_sleep(0.3)');

    await proxy.heal();

    expect((await answer).rows).toEqual([{ answer: 4 }]);
  });
});

describe('a server that is not there', () => {
  it('is a refused connection, as DBOS expects it', async () => {
    const { proxy, pool } = await setupProxied();
    await proxy.partition('refuse');

    expect(await failureOf(pool.query('select 1'))).toMatchObject({ code: 'ECONNREFUSED' });

    await proxy.heal();
    expect((await pool.query('select 1 as back')).rows).toEqual([{ back: 1 }]);
  });

  it('is a lost connection when it resets what is open', async () => {
    const { proxy, pool } = await setupProxied();
    const client = await pool.connect();
    const failure = failureOf(client.query('select pg_sleep(20)'));
    await until(async () => (await sleepers()) > 0, { what: 'the query to reach the server' });

    await proxy.partition('reset');

    expect(await failure).toMatchObject({ code: 'ECONNRESET' });
    client.release();
  });
});

async function sleepers(): Promise<number> {
  const sql = `select count(*)::int as n from pg_stat_activity where application_name = 'pool-test' and wait_event = 'PgSleep'`;
  const { rows } = await execute(url, sql);
  return (rows as { n: number }[])[0]!.n;
}

it('is an ordinary pool of pg', () => {
  expect(setup().pool).toBeInstanceOf(pg.Pool);
});
