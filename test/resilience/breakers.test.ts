// One breaker, known to several processes: here several sets of breakers on one real database.
import type { Knex } from 'knex';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_BREAKER } from '../../src/kernel/index.ts';
import type { BreakerUse, RoomEvent } from '../../src/kernel/index.ts';
import { DatabaseClock, createKnex, isOwnDatabaseError } from '../../src/postgres/index.ts';
import { openBreakers } from '../../src/resilience/index.ts';
import type { Breakers, Verdict } from '../../src/resilience/index.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';

let databaseUrl: string;
let knex: Knex;
const sent: string[] = [];
const open: Breakers[] = [];
let services = 0;

beforeAll(async () => {
  databaseUrl = await createTestDatabase('breakers');
  knex = createKnex(databaseUrl, { max: 10, name: 'test' });
  knex.on('query', ({ sql }: { sql: string }) => sent.push(sql));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (each) => await each.stop()));
});
afterAll(async () => await knex.destroy());

interface Replica extends Breakers {
  readonly events: RoomEvent[];
}

async function replica(holder?: string): Promise<Replica> {
  const clock = new DatabaseClock(knex);
  await clock.measure();
  const events: RoomEvent[] = [];
  const breakers = await openBreakers({
    knex,
    databaseUrl,
    clock,
    random: () => 0,
    emit: (event) => events.push(event),
    ...(holder !== undefined && { holder: () => holder }),
  });
  open.push(breakers);
  return Object.assign(breakers, { events });
}

function aService(over: Partial<typeof DEFAULT_BREAKER> = {}): BreakerUse {
  return { service: `service-${++services}`, park: false, settings: { ...DEFAULT_BREAKER, ...over } };
}

async function call(breakers: Breakers, use: BreakerUse, verdict: Verdict): Promise<string | undefined> {
  const entry = await breakers.enter('*', use, 1_000);
  if (entry.refused) return entry.refused.code;
  entry.leave(verdict);
  return undefined;
}

async function callTimes(breakers: Breakers, use: BreakerUse, verdict: Verdict, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await call(breakers, use, verdict);
}

async function untilKnown(
  breakers: Breakers,
  { service }: BreakerUse,
  state: string,
  timeoutMs = 10_000,
): Promise<void> {
  await until(() => breakers.stateOf('*', service) === state, { what: `${service} to be ${state}`, timeoutMs });
}

async function rowOf({ service }: BreakerUse): Promise<Record<string, unknown>> {
  return await knex('breakwater.circuit_breaker').first<Record<string, unknown>>().where({ service });
}

describe('what a breaker costs', () => {
  it('is no statement and no row while nothing fails', async () => {
    const one = await replica();
    const use = aService();
    await call(one, use, 'ok');
    const before = sent.filter((sql) => !sql.startsWith('select b.tenant')).length;

    await callTimes(one, use, 'ok', 1_000);
    await callTimes(one, use, 'none', 1_000);

    expect(sent.filter((sql) => !sql.startsWith('select b.tenant'))).toHaveLength(before);
    expect(await rowOf(use)).toBeUndefined();
  });

  it('tells the success that ends a row of failures at once, and those that follow seldom', async () => {
    const one = await replica();
    const use = aService();
    await callTimes(one, use, 'failed', 2);
    await call(one, use, 'ok');
    await until(async () => (await rowOf(use))['failures'] === 0, { what: 'the success to be told' });
    const told = (): number => one.events.filter(({ name }) => name === 'breaker.told').length;
    const toldUntilNow = told();

    await callTimes(one, use, 'ok', 100);

    expect(told() - toldUntilNow).toBeLessThanOrEqual(3);
  });
});

describe('failures on several replicas', () => {
  it('add up, and refuse calls everywhere', async () => {
    const replicas = [await replica(), await replica(), await replica()];
    const use = aService();
    const [one, two, three] = replicas as [Replica, Replica, Replica];

    await callTimes(one, use, 'failed', 2);
    await callTimes(two, use, 'failed', 2);
    await callTimes(three, use, 'failed', 1);

    for (const each of replicas) await untilKnown(each, use, 'open');
    for (const each of replicas) expect(await call(each, use, 'ok')).toBe('BREAKER_OPEN');
    expect(replicas.flatMap(({ events }) => events.filter(({ name }) => name === 'breaker.changed'))).toMatchObject([
      { level: 'warn', fields: { service: use.service, from: 'closed', to: 'open' } },
    ]);
  });

  it('are ended by a success on another one', async () => {
    const [one, two] = [await replica(), await replica()];
    const use = aService();
    await callTimes(one, use, 'failed', 4);
    await until(async () => (await rowOf(use))['failures'] === 4, {
      what: 'four failures',
    });

    // It tells its success only once it knows of a failure.
    await until(
      async () => {
        await call(two, use, 'ok');
        return (await rowOf(use))['failures'] === 0;
      },
      { what: 'the row to be told of the success' },
    );
    await call(one, use, 'failed');

    await until(async () => (await rowOf(use))['failures'] === 1, { what: 'the row to begin anew' });
    expect(one.stateOf('*', use.service)).toBe('closed');
  });

  it('are a rate of all calls, also of those that succeeded before unnoticed', async () => {
    const [one, two] = [await replica(), await replica()];
    const use = aService({ failures: 5 });
    await callTimes(two, use, 'ok', 50);

    for (let pair = 0; pair < 8; pair++) {
      await call(one, use, 'failed');
      await call(one, use, 'ok');
      if (pair === 0)
        await until(async () => countOk(await rowOf(use)) > 50, { what: 'the other successes to be told' });
    }

    await until(async () => (await rowOf(use))['failures'] === 0, { what: 'the last success to be told' });
    expect(await rowOf(use)).toMatchObject({ state: 'closed' });
  });

  it('are found although the notification was lost', async () => {
    const one = await replica();
    const use = aService();
    await execute(
      databaseUrl,
      `insert into breakwater.circuit_breaker (tenant, service, state, epoch, opened_at, next_probe_at)
       values ('*', '${use.service}', 'open', 1, now(), now() + interval '1 hour')`,
    );

    await untilKnown(one, use, 'open');

    expect(await call(one, use, 'ok')).toBe('BREAKER_OPEN');
  });
});

function countOk(row: Record<string, unknown>): number {
  return (row['calls'] as number[][]).reduce((sum, [, ok = 0]) => sum + ok, 0);
}

describe('a half-open breaker', () => {
  async function dueEverywhere(use: BreakerUse, ...replicas: Replica[]): Promise<void> {
    const [first] = replicas as [Replica];
    await callTimes(first, use, 'failed', 5);
    for (const each of replicas) await untilKnown(each, use, 'open');
    // Known in memory before the row says so.
    const isDue = (row: Record<string, unknown>) =>
      row['state'] === 'open' && Number(row['next_probe_at']) <= Date.now();
    await until(async () => isDue(await rowOf(use)), { what: 'the time to try' });
  }

  it('has one probe in all replicas', async () => {
    const replicas = [await replica(), await replica(), await replica()];
    const use = aService({ openMs: 200 });
    await dueEverywhere(use, ...replicas);

    const entries = await Promise.all(
      replicas.flatMap((each) => [1, 2, 3].map(async () => await each.enter('*', use, 1_000))),
    );

    const passes = entries.filter((entry) => !entry.refused);
    expect(passes).toHaveLength(1);
    for (const pass of passes) if (!pass.refused) pass.leave('ok');
    await until(async () => (await rowOf(use))['successes'] === 1, { what: 'the success to be told' });
  });

  it('gives the probe of an executor that died to another one, long before its lease is over', async () => {
    const lease = { host: 'h', pid: 1, role: 'all', protocol: '0' };
    const expiresAt = knex.raw(`clock_timestamp() + interval '1 minute'`);
    await knex('breakwater.executor').insert([
      { id: 'dying', ...lease, expires_at: expiresAt },
      { id: 'living', ...lease, expires_at: expiresAt },
    ]);
    const [dying, living] = [await replica('dying'), await replica('living')];
    const use = aService({ openMs: 200 });
    await dueEverywhere(use, dying, living);
    const probe = await dying.enter('*', use, 3_600_000);
    expect(probe.refused).toBeUndefined();
    await untilKnown(living, use, 'half_open');
    expect(await call(living, use, 'ok')).toBe('BREAKER_OPEN');

    await knex('breakwater.executor').where({ id: 'dying' }).delete();

    await until(async () => (await call(living, use, 'ok')) === undefined, { what: 'the successor to try' });
    await untilKnown(living, use, 'half_open');
    await until(async () => (await rowOf(use))['successes'] === 1, { what: 'its success to be told' });
    if (!probe.refused) probe.leave('failed');
    await until(() => dying.events.some(({ name }) => name === 'breaker.tried'), { what: 'the late word to be told' });
    expect(await rowOf(use)).toMatchObject({ state: 'half_open', successes: 1 });
  });

  it('throws what our own database says, and sends nothing', async () => {
    const one = await replica();
    const use = aService({ openMs: 200 });
    await dueEverywhere(use, one);
    await execute(databaseUrl, 'alter table breakwater.circuit_breaker rename to gone');

    const error: unknown = await Promise.resolve(one.enter('*', use, 1_000)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await callTimes(one, { ...use, service: 'another' }, 'failed', 4);
    await execute(databaseUrl, 'alter table breakwater.gone rename to circuit_breaker');

    expect(isOwnDatabaseError(error)).toBe(true);
    expect(one.stateOf('*', 'another')).toBe('closed');
    // What could not be told is told later.
    await until(async () => (await rowOf({ ...use, service: 'another' }))?.['failures'] === 4, {
      what: 'the failures',
    });
  });
});

describe('transitions', () => {
  it('are kept, the newest 200 of each service', async () => {
    const one = await replica();
    const use = aService();
    await callTimes(one, use, 'failed', 5);
    await until(async () => (await rowOf(use))?.['state'] === 'open', { what: 'it to be open' });
    await execute(
      databaseUrl,
      `insert into breakwater.breaker_transition (tenant, service, from_state, to_state, epoch, why)
       select '*', '${use.service}', 'closed', 'open', epoch, 'old' from generate_series(1000, 1300) epoch`,
    );
    await execute(
      databaseUrl,
      `update breakwater.circuit_breaker set next_probe_at = now() where service = '${use.service}'; notify breakwater_breaker`,
    );
    await until(async () => (await call(one, use, 'ok')) === undefined, { what: 'a try' });

    const kept = await knex('breakwater.breaker_transition').where({ service: use.service }).orderBy('id');

    expect(kept.length).toBeGreaterThanOrEqual(200);
    expect(kept.length).toBeLessThanOrEqual(201);
    expect(kept.at(-1)).toMatchObject({ from_state: 'open', to_state: 'half_open' });
  });
});
