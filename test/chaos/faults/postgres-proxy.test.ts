// The faults of the proxy, each against a real Postgres and real clients: what the client saw, and what the server kept.
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Knex } from 'knex';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKnex } from '../../../src/postgres/index.ts';
import { createEmptyDatabase, execute } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { INFRASTRUCTURE_SQLSTATES, PostgresProxy, type Partition } from './index.ts';

let url: string;
const leftovers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  url = await createEmptyDatabase('proxy');
  await execute(url, 'create table guest (name text)');
});

afterEach(async () => {
  for (const cleanUp of leftovers.splice(0).toReversed()) await cleanUp();
  await execute(url, 'truncate guest');
});

async function setup() {
  const proxy = await PostgresProxy.start(url);
  leftovers.push(() => proxy.close());
  const client = await connected(proxy);
  return { proxy, client };
}

async function connected(proxy: PostgresProxy, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: proxy.through(url), ...config });
  client.on('error', () => undefined);
  leftovers.push(() => client.end().catch(() => undefined));
  await client.connect();
  return client;
}

function knexThrough(proxy: PostgresProxy, watchdogMs = 5_000): Knex {
  const knex = createKnex(proxy.through(url), { max: 1, name: 'proxy-test', watchdogMs });
  leftovers.push(() => knex.destroy());
  return knex;
}

function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function guests(): Promise<unknown[]> {
  return (await execute(url, 'select name from guest order by name')).rows.map(({ name }) => name);
}

describe('without a fault', () => {
  it('carries simple, extended, named, empty, failing and large exchanges', async () => {
    const { client } = await setup();
    const large = 'x'.repeat(2_000_000);
    const named = { name: 'twice', text: 'select $1::int * 2 as n' };

    expect((await client.query('select 1 as n; select 2 as n')) as unknown).toMatchObject([
      { rows: [{ n: 1 }] },
      { rows: [{ n: 2 }] },
    ]);
    expect((await client.query('select length($1) as n', [large])).rows).toEqual([{ n: large.length }]);
    expect((await client.query('select $1::text as back', [large])).rows).toEqual([{ back: large }]);
    expect((await client.query(named, [3])).rows).toEqual([{ n: 6 }]);
    expect((await client.query(named, [4])).rows).toEqual([{ n: 8 }]);
    expect((await client.query('')).rows).toEqual([]);
    expect(await failureOf(client.query('select 1/0'))).toMatchObject({ code: '22012' });
    expect((await client.query('select $1::int as alive', [1])).rows).toEqual([{ alive: 1 }]);
  });

  it('carries a pipeline, in order, whatever fails within it', async () => {
    const { proxy } = await setup();
    const client = await connected(proxy, { pipeline: true });

    const answers = await Promise.allSettled([
      client.query('select $1::int as n', [1]),
      client.query('select 1 / $1::int as n', [0]),
      client.query('select $1::int as n', [3]),
    ]);

    expect(answers).toMatchObject([
      { value: { rows: [{ n: 1 }] } },
      { reason: { code: '22012' } },
      { value: { rows: [{ n: 3 }] } },
    ]);
  });

  it('carries portals that are flushed before their Sync, and notifications', async () => {
    const { client } = await setup();
    const heard: (string | undefined)[] = [];
    client.on('notification', ({ payload }) => heard.push(payload));
    const portal = { text: 'select generate_series(1, 5) as n', rows: 2 } as pg.QueryConfig;

    await client.query('listen news');
    expect((await client.query(portal)).rows).toHaveLength(5);
    await execute(url, `notify news, 'told'`);

    await until(() => heard.length > 0, { what: 'the notification' });
    expect(heard).toEqual(['told']);
  });

  it('answers a request for encryption with a no', async () => {
    const { proxy } = await setup();
    const socket = connect(Number(new URL(proxy.through(url)).port), '127.0.0.1');
    leftovers.push(async () => socket.destroy());
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));

    const [answer] = (await once(socket, 'data')) as [Buffer];

    expect(answer.toString()).toBe('N');
  });

  it('passes on that a client has gone, and that a server has', async () => {
    const { proxy, client } = await setup();
    const second = await connected(proxy);
    const { rows } = await second.query<{ pid: number }>('select pg_backend_pid() as pid');
    expect(proxy.connections).toBe(2);

    await client.end();
    const failure = failureOf(second.query('select pg_sleep(20)'));
    await execute(url, `select pg_terminate_backend(${rows[0]?.pid})`);

    expect(await failure).toMatchObject({ code: '57P01' });
    await until(() => proxy.connections === 0, { what: 'both connections to be gone' });
  });

  it('counts what statements are for', async () => {
    const { proxy, client } = await setup();
    await client.query('begin');
    await client.query('insert into guest values ($1)', ['ann']);
    await client.query('select * from guest');
    await client.query('commit');

    expect(proxy.seen).toMatchObject({ begin: 1, write: 1, read: 1, commit: 1, rollback: 0 });
  });
});

describe('an ambiguous commit', () => {
  const insert = 'insert into guest values ($1)';
  const clear = 'with gone as (delete from guest where name = $1 returning name) select 1 as told';

  it('keeps an autocommitted row, once, and resets the client, in the simple and the extended protocol', async () => {
    for (const values of [undefined, ['ann']]) {
      const { proxy, client } = await setup();
      const fault = proxy.ambiguousCommit();

      const failure = await failureOf(client.query(values ? insert : `insert into guest values ('bob')`, values));

      expect(failure).toMatchObject({ code: 'ECONNRESET' });
      await fault.done;
      expect(fault.landed).toEqual([
        { fault: 'ambiguous commit', at: expect.any(Number), what: expect.stringContaining('insert'), connection: 1 },
      ]);
      expect(proxy.landed).toEqual(fault.landed);
    }
    expect(await guests()).toEqual(['ann', 'bob']);
  });

  it('keeps the transaction of an explicit COMMIT', async () => {
    const { proxy, client } = await setup();
    const fault = proxy.ambiguousCommit({ match: 'commit' });
    await client.query('begin');
    await client.query(insert, ['ann']);
    await client.query(insert, ['bob']);
    expect(fault.landed).toEqual([]);

    expect(await failureOf(client.query('commit'))).toMatchObject({ code: 'ECONNRESET' });

    expect(fault.landed).toHaveLength(1);
    expect(await guests()).toEqual(['ann', 'bob']);
  });

  it('is, for knex, a transaction that failed although it holds', async () => {
    const { proxy } = await setup();
    const knex = knexThrough(proxy);
    proxy.ambiguousCommit({ match: /guest/ });

    const failure = await failureOf(knex.transaction(async (trx) => await trx('guest').insert({ name: 'ann' })));

    expect(failure).toMatchObject({ code: 'ECONNRESET' });
    expect(await knex('guest').pluck('name')).toEqual(['ann']);
  });

  it('waits for the nth commit that matches and changes a row, and passes over roll-backs, failures and idle updates', async () => {
    const { proxy, client } = await setup();
    const fault = proxy.ambiguousCommit({ match: /guest/, nth: 2 });

    await client.query('select * from guest');
    await client.query('update guest set name = $1', ['nobody']);
    await client.query(clear, ['nobody']);
    await failureOf(client.query('insert into guest values (1/0)'));
    await client.query('begin');
    await client.query(insert, ['rolled back']);
    await client.query('rollback');
    await client.query('begin');
    await client.query(insert, ['failed']);
    await failureOf(client.query('select 1/0'));
    expect((await client.query('commit')).command).toBe('ROLLBACK');
    await client.query(insert, ['first']);
    expect(fault.landed).toEqual([]);
    const failure = await failureOf(client.query(insert, ['second']));

    expect(failure).toMatchObject({ code: 'ECONNRESET' });
    expect(await guests()).toEqual(['first', 'second']);
  });

  it('strikes a write within a WITH only when it wrote, although its answer does not say', async () => {
    for (const transaction of [false, true]) {
      const { proxy, client } = await setup();
      const fault = proxy.ambiguousCommit();
      expect((await client.query(clear, ['ann'])).rows).toEqual([{ told: 1 }]);
      await execute(url, `insert into guest values ('ann')`);

      if (transaction) await client.query('begin');
      const write = failureOf(client.query(clear, ['ann']));
      const failure = transaction ? failureOf(write.then(() => client.query('commit'))) : write;

      expect(await failure).toMatchObject({ code: 'ECONNRESET' });
      expect(fault.landed).toHaveLength(1);
      expect(await guests()).toEqual([]);
    }
  });

  it('keeps from the client what it asks the server for itself', async () => {
    const { proxy, client } = await setup();
    const fault = proxy.ambiguousCommit({ nth: 10 });
    const named = { name: 'all', text: 'insert into guest values ($1) returning name', values: ['ann'] };

    for (const name of ['ann', 'bob']) {
      expect(await client.query({ ...named, values: [name] })).toMatchObject({ rowCount: 1, rows: [{ name }] });
    }
    await client.query('begin');
    await client.query(insert, ['cid']);
    expect(await client.query('commit')).toMatchObject({ command: 'COMMIT', rows: [] });
    expect(await failureOf(client.query('insert into guest values ($1::int / 0)', [1]))).toMatchObject({
      code: '22012',
    });

    expect(fault.landed).toEqual([]);
    expect(await guests()).toEqual(['ann', 'bob', 'cid']);
  });

  it('loses the answers of what was pipelined behind it, and of nothing else', async () => {
    const { proxy } = await setup();
    const client = await connected(proxy, { pipeline: true });
    proxy.ambiguousCommit({ nth: 2 });

    const answers = await Promise.allSettled(['ann', 'bob', 'cid'].map((name) => client.query(insert, [name])));

    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await guests()).toEqual(['ann', 'bob']);
  });

  it('strikes no more once it is disarmed', async () => {
    const { proxy, client } = await setup();
    const fault = proxy.ambiguousCommit();

    expect(fault.disarm()).toBe(true);
    await client.query(insert, ['ann']);

    expect(proxy.landed).toEqual([]);
  });
});

describe('an answered error', () => {
  const insert = { text: 'insert into guest values ($1)', values: ['ann'] };

  it.each(INFRASTRUCTURE_SQLSTATES)('$code $name is what the client sees, and nothing is done', async (state) => {
    const { proxy, client } = await setup();
    await client.query('begin');
    const fault = proxy.answerError(state.code, { match: 'write' });

    const failure = await failureOf(client.query(insert));

    expect(failure).toMatchObject({ code: state.code, severity: state.severity });
    expect(fault.landed).toMatchObject([{ fault: `answer ${state.code}`, connection: 1 }]);
    if (state.severity === 'FATAL') {
      expect(await failureOf(client.query('select 1'))).toBeInstanceOf(Error);
      await until(() => proxy.connections === 0, { what: 'the session to end' });
    } else {
      expect(await failureOf(client.query('select 1'))).toMatchObject({ code: '25P02' });
      expect((await client.query('commit')).command).toBe('ROLLBACK');
      await client.query(insert);
      expect(await guests()).toEqual(['ann']);
    }
  });

  it('leaves a session without a transaction usable, in the simple and the extended protocol', async () => {
    const { proxy, client } = await setup();
    proxy.answerError('57014', { times: 2 });

    expect(await failureOf(client.query(`insert into guest values ('bob')`))).toMatchObject({ code: '57014' });
    expect(await failureOf(client.query(insert))).toMatchObject({ code: '57014' });
    await client.query(insert);

    expect(await guests()).toEqual(['ann']);
  });

  it('has a prepared statement parsed again', async () => {
    const { proxy, client } = await setup();
    const named = { name: 'greet', text: 'insert into guest values ($1)', values: ['ann'] };
    proxy.answerError('40001');

    expect(await failureOf(client.query(named))).toMatchObject({ code: '40001' });
    await client.query(named);

    expect(await guests()).toEqual(['ann']);
  });

  it('strikes within a pipeline one statement, the nth', async () => {
    const { proxy } = await setup();
    const client = await connected(proxy, { pipeline: true });
    proxy.answerError('53200', { match: 'write', nth: 2 });
    const write = (name: string) => client.query('insert into guest values ($1)', [name]);

    const answers = await Promise.allSettled(['ann', 'bob', 'cid'].map(write));

    expect(answers).toMatchObject([{ status: 'fulfilled' }, { reason: { code: '53200' } }, { status: 'fulfilled' }]);
    expect(await guests()).toEqual(['ann', 'cid']);
  });

  it('to a COMMIT ends its transaction and leaves nothing', async () => {
    const { proxy, client } = await setup();
    await client.query('begin');
    await client.query(insert);
    proxy.answerError('40001', { match: 'commit' });

    expect(await failureOf(client.query('commit'))).toMatchObject({ code: '40001' });

    expect((await client.query('select pg_current_xact_id_if_assigned() as xid')).rows).toEqual([{ xid: null }]);
    expect(await guests()).toEqual([]);
    const { rows } = await execute(url, `select 1 from pg_stat_activity where state like 'idle in transaction%'`);
    expect(rows).toEqual([]);
  });

  it('to a BEGIN opens no transaction', async () => {
    const { proxy } = await setup();
    const knex = knexThrough(proxy);
    proxy.answerError('XX000', { match: 'begin' });
    const transaction = () => knex.transaction(async (trx) => await trx('guest').insert({ name: 'ann' }));

    expect(await failureOf(transaction())).toMatchObject({ code: 'XX000' });
    await transaction();

    expect(await guests()).toEqual(['ann']);
  });

  it('to a login refuses it, and the next one passes', async () => {
    const { proxy } = await setup();
    const fault = proxy.answerError('53300', { match: 'connect' });

    expect(await failureOf(connected(proxy))).toMatchObject({ code: '53300', severity: 'FATAL' });
    await connected(proxy);

    expect(fault.landed).toMatchObject([{ fault: 'answer 53300', connection: 2 }]);
  });

  it('waits until a failed transaction is over', async () => {
    const { proxy, client } = await setup();
    await client.query('begin');
    await failureOf(client.query('select 1/0'));
    const fault = proxy.answerError('55P03');

    expect(await failureOf(client.query('select 1'))).toMatchObject({ code: '25P02' });
    expect((await client.query('commit')).command).toBe('ROLLBACK');
    expect(fault.landed).toEqual([]);
    expect(await failureOf(client.query('select 1'))).toMatchObject({ code: '55P03' });
  });

  it('spares what is flushed before its Sync, and strikes what follows', async () => {
    const { proxy, client } = await setup();
    const portal = { text: 'select generate_series(1, 5) as n', rows: 2 } as pg.QueryConfig;
    proxy.answerError('53200');

    expect((await client.query(portal)).rows).toHaveLength(5);
    expect(await failureOf(client.query('select 1'))).toMatchObject({ code: '53200' });
  });

  it('takes a SQLSTATE alone', async () => {
    const { proxy } = await setup();

    expect(() => proxy.answerError(`0'; drop`)).toThrow(TypeError);
  });
});

describe('a partition', () => {
  const isHeldUp = async (answer: Promise<unknown>) => {
    const winner = await Promise.race([answer, execute(url, 'select pg_sleep(0.15)').then(() => 'nothing yet')]);
    return winner === 'nothing yet';
  };

  it('resets what is open and what is new, until it heals', async () => {
    const { proxy, client } = await setup();
    const failure = failureOf(client.query('select pg_sleep(20)'));

    const fault = await proxy.partition('reset');

    expect(await failure).toMatchObject({ code: 'ECONNRESET' });
    expect(fault.landed).toMatchObject([{ fault: 'partition reset', connection: 1 }]);
    expect(await failureOf(connected(proxy))).toMatchObject({ code: 'ECONNRESET' });
    await proxy.heal();
    await connected(proxy);
  });

  it('refuses new connections alone', async () => {
    const { proxy, client } = await setup();
    const fault = await proxy.partition('refuseNew');

    expect(await failureOf(connected(proxy))).toMatchObject({ code: 'ECONNRESET' });
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);

    expect(fault.landed).toMatchObject([{ connection: 2 }]);
  });

  it('is a port that nobody listens on', async () => {
    const { proxy } = await setup();
    const fault = await proxy.partition('refuse');

    expect(await failureOf(connected(proxy))).toMatchObject({ code: 'ECONNREFUSED' });

    expect(fault.landed).toHaveLength(1);
    await proxy.heal();
    await connected(proxy);
  });

  it('holds a statement back on its way out: the server has not seen it', async () => {
    const { proxy, client } = await setup();
    const fault = await proxy.partition('blackholeOut');
    const answer = client.query(`insert into guest values ('ann')`);

    expect(await isHeldUp(answer)).toBe(true);
    expect(await guests()).toEqual([]);
    expect(fault.landed).toMatchObject([{ what: 'what the client sent', connection: 1 }]);

    await proxy.heal();
    await answer;
    expect(await guests()).toEqual(['ann']);
  });

  it('holds an answer back on its way in: the server has done it', async () => {
    const { proxy, client } = await setup();
    const fault = await proxy.partition('blackholeIn');
    const answer = client.query(`insert into guest values ('ann')`);

    await until(async () => (await guests()).length === 1, { what: 'the row' });
    expect(await isHeldUp(answer)).toBe(true);
    expect(fault.landed).toMatchObject([{ what: 'what the server sent', connection: 1 }]);

    await proxy.heal();
    await answer;
  });

  it('swallows goodbyes both ways, and delivers them when it heals', async () => {
    const { proxy, client } = await setup();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const backends = `select 1 from pg_stat_activity where pid = ${rows[0]?.pid}`;
    const fault = await proxy.partition('blackhole');
    client.connection.stream.destroy();

    await until(() => fault.landed.length > 0, { what: 'the goodbye to be swallowed' });
    expect((await execute(url, backends)).rows).toHaveLength(1);

    await proxy.heal();
    await until(async () => (await execute(url, backends)).rows.length === 0, { what: 'the backend to end' });
  });

  it('is given up by the watchdog of our own pools, and over once it heals', async () => {
    const { proxy } = await setup();
    const knex = knexThrough(proxy, 1_000);
    await knex.raw('select 1');
    await proxy.partition('blackhole');

    expect(await failureOf(knex('guest').select())).toMatchObject({ code: 'ECONNRESET' });

    await proxy.heal();
    expect(await knex('guest').select()).toEqual([]);
  });

  it('delays each way', async () => {
    const { proxy, client } = await setup();
    const fault = await proxy.partition({ delayMs: 100 });
    const startedAt = performance.now();

    await client.query('select 1');

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
    expect(fault.landed).toHaveLength(1);
  });

  it('throttles to a rate', async () => {
    const { proxy, client } = await setup();
    await proxy.partition({ bytesPerSecond: 10_000 });
    const startedAt = performance.now();

    const { rows } = await client.query<{ text: string }>(`select repeat('x', 4000) as text`);

    expect(rows[0]?.text).toHaveLength(4_000);
    expect(performance.now() - startedAt).toBeGreaterThan(300);
  });

  it('gives way to the next one', async () => {
    const { proxy, client } = await setup();
    const first = await proxy.partition('blackhole');
    const answer = client.query('select 1 as n');
    await until(() => first.landed.length > 0, { what: 'the query to be held' });
    const second: Partition = { delayMs: 10 };

    await proxy.partition(second);

    expect((await answer).rows).toEqual([{ n: 1 }]);
    expect(proxy.landed.map(({ fault }) => fault)).toEqual(['partition blackhole', 'partition delay 10 ms']);
  });
});
