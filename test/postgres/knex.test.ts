// knex over the guarded client: whose error it is, whose role it has, which connection a transaction runs on.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKnex, isOwnDatabaseError, rawClient, withClient, type KnexOptions } from '../../src/postgres/index.ts';
import { brandOwnDatabaseError } from '../../src/postgres/own-database-error.ts';
import { createEmptyDatabase, execute } from '../support/database.ts';
import { PostgresProxy } from '../chaos/faults/index.ts';

let url: string;
const leftovers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  url = await createEmptyDatabase('knex');
  await execute(url, 'create table guest (name text primary key)');
});

afterEach(async () => {
  for (const cleanUp of leftovers.splice(0).toReversed()) await cleanUp();
});

function setup(databaseUrl = url, options: Partial<KnexOptions> = {}) {
  const knex = createKnex(databaseUrl, { max: 2, name: 'knex-test', ...options });
  leftovers.push(() => knex.destroy());
  return knex;
}

function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('isOwnDatabaseError', () => {
  it('knows an error of a query, which keeps its SQLSTATE and does not show what was bound', async () => {
    const knex = setup();
    await knex('guest').insert({ name: 'zoe-the-secret' });

    const failure = await failureOf(knex('guest').insert({ name: 'zoe-the-secret' }));

    expect(isOwnDatabaseError(failure)).toBe(true);
    expect(failure).toMatchObject({ code: '23505' });
    expect((failure as Error).message).not.toContain('zoe-the-secret');
  });

  it('knows an error inside a transaction and one that wraps it', async () => {
    const knex = setup();

    const failure = await failureOf(knex.transaction((trx) => trx.raw('select * from nowhere')));

    expect(isOwnDatabaseError(failure)).toBe(true);
    expect(isOwnDatabaseError(new Error('while planning', { cause: failure }))).toBe(true);
    expect(isOwnDatabaseError(new AggregateError([new Error('other'), failure]))).toBe(true);
  });

  it('knows a connection that could not be made', async () => {
    const wrong = new URL(url);
    wrong.password = 'wrong';

    const failure = await failureOf(setup(wrong.href).raw('select 1'));

    expect(failure).toMatchObject({ code: '28P01' });
    expect(isOwnDatabaseError(failure)).toBe(true);
  });

  it('knows an error on the raw client of a transaction', async () => {
    const knex = setup();
    const failure = await failureOf(
      knex.transaction(async (trx) => (await rawClient(trx)).query('select * from nowhere')),
    );

    expect(failure).toMatchObject({ code: '42P01' });
    expect(isOwnDatabaseError(failure)).toBe(true);
  });

  it('does not know a value of ours that cannot be sent', async () => {
    const unsendable = {
      toJSON: () => {
        throw new TypeError('not to be sent');
      },
    };

    const failure = await failureOf(setup().raw('select ?::json', [unsendable as never]));

    expect(failure).toBeInstanceOf(TypeError);
    expect(isOwnDatabaseError(failure)).toBe(false);
  });

  it('does not know the errors of others, whatever code they carry', () => {
    const circle = new Error('of a vendor');
    circle.cause = circle;

    for (const error of [circle, Object.assign(new Error('alike'), { code: '23505' }), undefined, null, 'text', 7]) {
      expect(isOwnDatabaseError(error)).toBe(false);
    }
    expect(brandOwnDatabaseError('text')).toBe('text');
  });
});

describe('createKnex', () => {
  it('gives every session the role', async () => {
    await execute(url, 'drop role if exists knex_test_role');
    await execute(url, 'create role knex_test_role');
    leftovers.push(() => execute(url, 'drop role knex_test_role'));
    const knex = setup(url, { role: 'knex_test_role' });

    const users = await Promise.all([1, 2].map(() => knex.first(knex.raw('current_user as name'))));

    expect(users).toEqual([{ name: 'knex_test_role' }, { name: 'knex_test_role' }]);
    expect(await failureOf(knex('guest').select())).toMatchObject({ code: '42501' });
  });

  it('takes an odd role name as a name', async () => {
    const failure = await failureOf(setup(url, { role: 'x; drop table guest' }).raw('select 1'));

    expect(failure).toMatchObject({ code: '22023', message: expect.stringContaining('x; drop table guest') });
  });

  it('frees a transaction that a silent network swallowed, and goes on once bytes flow', async () => {
    const proxy = await PostgresProxy.start(url);
    leftovers.push(() => proxy.close());
    const knex = setup(proxy.through(url), { watchdogMs: 200 });

    const failure = await failureOf(
      knex.transaction(async (trx) => {
        await trx('guest').insert({ name: 'lost' });
        await proxy.partition('blackhole');
        await trx('guest').select();
      }),
    );

    expect(failure).toMatchObject({ code: 'ECONNRESET' });
    expect(isOwnDatabaseError(failure)).toBe(true);
    await proxy.heal();
    expect(await knex('guest').where({ name: 'lost' })).toEqual([]);
  });
});

describe('rawClient', () => {
  it('is the connection the transaction runs on', async () => {
    const knex = setup();

    await knex
      .transaction(async (trx) => {
        const client = await rawClient(trx);
        await client.query(`insert into guest values ('by hand')`);
        expect(await trx('guest').where({ name: 'by hand' })).toHaveLength(1);
        await trx.rollback();
      })
      .catch(() => undefined);

    expect(await knex('guest').where({ name: 'by hand' })).toEqual([]);
  });

  it('refuses a bare knex, whose connection would leak', async () => {
    await expect(rawClient(setup() as never)).rejects.toThrow(TypeError);
  });
});

describe('withClient', () => {
  it('lends nobody a session that the server is about to end', async () => {
    const knex = setup(url, { max: 1 });
    const killed = async () =>
      await failureOf(
        withClient(knex, async (client) => await client.query('select pg_terminate_backend(pg_backend_pid())')),
      );
    const next = async () =>
      (await withClient(knex, async (client) => await client.query<{ one: number }>('select 1 as one'))).rows;

    for (let at = 0; at < 20; at++) {
      expect(await killed()).toMatchObject({ code: '57P01' });
      expect(await next()).toEqual([{ one: 1 }]);
    }
  });
});
