// Sessions of one tenant: what they see, what they leave behind, and that a session without a tenant is refused.
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKnex, forTenant, inTenant } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';

let url: string;
let owner: Knex;
let app: Knex;

beforeAll(async () => {
  url = await createTestDatabase('tenant');
  owner = createKnex(url, { max: 2, name: 'tenant-test' });
  app = createKnex(url, { max: 1, name: 'tenant-test', role: 'breakwater_app' });
  await owner.raw(`
    create table breakwater.guest (tenant text not null, name text not null);
    select breakwater.wall('guest');
    grant select, insert, update, delete on breakwater.guest to breakwater_app;
    insert into breakwater.guest values ('acme', 'ann'), ('beta', 'bob')`);
});

afterAll(async () => {
  await app.destroy();
  await owner.destroy();
});

const guests = (knex: Knex) => knex.withSchema('breakwater').table('guest');
const namesIn = async (knex: Knex): Promise<string[]> => await guests(knex).orderBy('name').pluck('name');
const refusal = { code: '42501', message: expect.stringContaining('no tenant is set') };

it('shows one tenant its rows, in a query of its own and in a transaction', async () => {
  expect(await guests(forTenant(app, 'acme')).pluck('name')).toEqual(['ann']);
  expect(await inTenant(app, 'beta', namesIn)).toEqual(['bob']);
});

it('takes the role of requests in sessions of the engine too', async () => {
  expect(await guests(forTenant(owner, 'acme')).pluck('name')).toEqual(['ann']);
  const { rows } = await forTenant(owner, 'acme').raw<{ rows: unknown[] }>('select current_user as me');
  expect(rows).toEqual([{ me: 'breakwater_app' }]);
});

it('leaves nothing on the session: the next query without a tenant is refused, to read and to write', async () => {
  await guests(forTenant(app, 'acme')).pluck('name');

  await expect(guests(app).pluck('name')).rejects.toMatchObject(refusal);
  await expect(guests(app).insert({ tenant: 'acme', name: 'eve' })).rejects.toMatchObject(refusal);
  await expect(guests(app).update({ name: 'eve' })).rejects.toMatchObject(refusal);
  await expect(guests(app).delete()).rejects.toMatchObject(refusal);
});

it("leaves the role of requests with its transaction: the session is the engine's again", async () => {
  const engine = createKnex(url, { max: 1, name: 'tenant-test' });
  const me = async (knex: Knex): Promise<unknown> =>
    (await knex.raw<{ rows: unknown[] }>('select current_user = session_user as engine')).rows[0];

  const asked = [await me(forTenant(engine, 'acme')), await me(engine)];
  await engine.destroy();

  expect(asked).toEqual([{ engine: false }, { engine: true }]);
});

it('refuses a row of another tenant', async () => {
  const acme = forTenant(app, 'acme');

  await expect(guests(acme).insert({ tenant: 'beta', name: 'eve' })).rejects.toMatchObject({ code: '42501' });
  await expect(guests(acme).update({ tenant: 'beta' })).rejects.toMatchObject({ code: '42501' });
  expect(await guests(acme).where({ name: 'bob' }).update({ name: 'eve' })).toBe(0);
});

it('does what fails in a query of its own not at all, and the session goes on', async () => {
  const acme = forTenant(app, 'acme');

  await expect(acme.raw(`insert into breakwater.guest values ('acme', 'zoe'), ('acme', null)`)).rejects.toMatchObject({
    code: '23502',
  });

  expect(await guests(acme).pluck('name')).toEqual(['ann']);
});

it('fails with what only the commit finds', async () => {
  await owner.raw(
    'create table breakwater.seat (tenant text not null, name text unique deferrable initially deferred)',
  );
  await owner.raw(`select breakwater.wall('seat'); grant select, insert on breakwater.seat to breakwater_app`);
  const seats = () => forTenant(app, 'acme').withSchema('breakwater').table('seat');
  const taken = [
    { tenant: 'acme', name: 'one' },
    { tenant: 'acme', name: 'one' },
  ];

  await expect(seats().insert(taken)).rejects.toMatchObject({ code: '23505' });

  expect(await seats().pluck('name')).toEqual([]);
});

it('nests transactions as any other', async () => {
  const names = await inTenant(app, 'acme', async (trx) => {
    const failed = trx.transaction(async (inner) => {
      await guests(inner).insert({ tenant: 'acme', name: 'zoe' });
      throw new Error('never mind');
    });
    await expect(failed).rejects.toThrow('never mind');
    return await namesIn(trx);
  });

  expect(names).toEqual(['ann']);
});

it('is nobody for all tenants, and for none', async () => {
  expect(() => forTenant(app, '*')).toThrow(TypeError);
  await expect(guests(forTenant(owner, '')).pluck('name')).rejects.toMatchObject(refusal);
});

it('has no key for all tenants, and none for none', async () => {
  const key = { id: 'key_1', user_name: 'eve', roles: '["admin"]', key_hash: 'h' };
  for (const tenant of ['*', '']) {
    const made = owner
      .withSchema('breakwater')
      .table('api_key')
      .insert({ ...key, tenant });
    await expect(made).rejects.toMatchObject({ code: '23514', constraint: 'api_key_of_one_tenant' });
  }
});
