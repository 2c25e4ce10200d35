// What is asked of the server before and while it is used: its clock, its fitness, its databases.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { BreakwaterError, steadyClock, systemClock } from '../../src/kernel/index.ts';
import { DatabaseClock, checkServer, createDatabaseIfMissing, createKnex } from '../../src/postgres/index.ts';
import { describeUrl, explainConnectFailure } from '../../src/postgres/connect-failure.ts';
import { findServerProblems } from '../../src/postgres/preflight.ts';
import { createEmptyDatabase, execute } from '../support/database.ts';

let url: string;
let knex: Knex;

beforeAll(async () => {
  url = await createEmptyDatabase('server');
  knex = createKnex(url, { max: 1, name: 'server-test' });
});

afterAll(() => knex.destroy());

/** A machine whose clock is off; what it counts on by is right. */
const shifted = (ms: number) => ({ steady: steadyClock, machine: { now: () => Date.now() + ms } });
const sound = { version: 180_004, fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', standby: false };

describe('DatabaseClock', () => {
  it('is the steady clock until it has measured', () => {
    const at = (ms: number) => ({ now: () => ms });

    expect(new DatabaseClock(knex, { steady: at(1_000), machine: at(2_000) }).now()).toBe(1_000);
  });

  it.each([-60_000, 0, 60_000])(
    "tells the database's time whatever the steady clock counts from, %d ms off",
    async (offMs) => {
      const clock = new DatabaseClock(knex, { steady: { now: () => steadyClock.now() + offMs }, machine: systemClock });

      await clock.measure();

      expect(Math.abs(clock.now() - Date.now())).toBeLessThan(250);
      expect(Math.abs(clock.skewMs)).toBeLessThan(250);
    },
  );

  it("does not follow the machine's clock when it jumps, and tells how far it is off at once", async () => {
    let machineIsOffMs = 0;
    const clock = new DatabaseClock(knex, { steady: steadyClock, machine: { now: () => Date.now() + machineIsOffMs } });
    await clock.measure();

    for (machineIsOffMs of [3_600_000, -3_600_000]) {
      expect(Math.abs(clock.now() - Date.now())).toBeLessThan(250);
      expect(Math.abs(clock.skewMs - machineIsOffMs)).toBeLessThan(250);
    }
  });

  it('is moved by a slow answer no further than it must', async () => {
    let answerTookMs = 0;
    const steady = { now: () => steadyClock.now() + answerTookMs };
    const clock = new DatabaseClock(knex, { steady, machine: systemClock });
    await clock.measure();
    const before = clock.now() - Date.now();

    // The process is stopped between the question and the answer, as far as its steady clock tells.
    const measuring = clock.measure();
    answerTookMs = 60_000;
    await measuring;
    const offMs = clock.now() - Date.now() - 60_000;

    expect(Math.abs(offMs - before)).toBeLessThan(250);
  });
});

describe('findServerProblems', () => {
  it('finds nothing wrong with a sound server', () => {
    expect(findServerProblems(sound, 0, {})).toEqual([]);
  });

  it.each([
    [{ version: 130_012 }, 'Postgres 13; use 14'],
    [{ standby: true }, 'connect to the primary'],
    [{ fsync: 'off' }, 'fsync is off'],
    [{ synchronous_commit: 'off' }, 'synchronous_commit is off'],
    [{ full_page_writes: 'off' }, 'full_page_writes is off'],
  ])('refuses %o with its remedy', (fault, words) => {
    const problems = findServerProblems({ ...sound, ...fault }, 0, {});

    expect(problems).toMatchObject([{ message: expect.stringContaining(words) }]);
  });

  it('accepts unsafe durability only when told to', () => {
    const unsafe = { ...sound, fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

    expect(findServerProblems(unsafe, 0, { allowUnsafeDurability: true })).toEqual([]);
    expect(findServerProblems(unsafe, 0, {})).toHaveLength(3);
  });

  it('refuses a skew exactly when it is over the limit, in either direction', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -10_000, max: 10_000 }),
        fc.integer({ min: 0, max: 5_000 }),
        (skewMs, maxSkewMs) => {
          const problems = findServerProblems(sound, skewMs, { maxSkewMs });

          expect(problems.length).toBe(Math.abs(skewMs) > maxSkewMs ? 1 : 0);
        },
      ),
    );
  });
});

describe('checkServer', () => {
  it('refuses the server of these tests, which may lose commits, and names every fault', async () => {
    const refusal = expect(checkServer(knex)).rejects;

    await refusal.toMatchObject({
      code: 'DATABASE',
      problems: [{ path: 'fsync' }, { path: 'synchronous_commit' }, { path: 'full_page_writes' }],
    });
  });

  it('accepts it for tests', async () => {
    await expect(checkServer(knex, { allowUnsafeDurability: true })).resolves.toBeUndefined();
  });

  it('sees a setting that only this database has', async () => {
    const own = await createEmptyDatabase('lazy');
    await execute(own, `alter database ${new URL(own).pathname.slice(1)} set synchronous_commit = local`);
    const session = createKnex(own, { max: 1, name: 'server-test' });

    const error: unknown = await checkServer(session).catch((refused: unknown) => refused);

    await session.destroy();
    expect(error).toMatchObject({ problems: [{ path: 'fsync' }, { path: 'full_page_writes' }] });
  });

  it('refuses a machine whose clock is three seconds off', async () => {
    const options = { allowUnsafeDurability: true, clocks: shifted(-3_000) };

    await expect(checkServer(knex, options)).rejects.toThrow(/3s behind the database's; synchronise both/);
  });

  it('names host, port and remedy of a server that is down, and no password', async () => {
    const down = createKnex('postgres://app:hunter2@127.0.0.1:1/orders', { max: 1, name: 'server-test' });

    const error: unknown = await checkServer(down).catch((refused: unknown) => refused);

    await down.destroy();
    expect(error).toBeInstanceOf(BreakwaterError);
    expect(error).toMatchObject({
      code: 'DATABASE',
      message: expect.stringMatching(/^Cannot use the database orders at 127\.0\.0\.1:1 as app: nothing listens there/),
    });
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('explainConnectFailure', () => {
  it('never shows the password', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-zA-Z0-9]{12,20}$/),
        fc.constantFrom('28P01', '3D000', 'ENOTFOUND', 'X'),
        (password, code) => {
          const error = Object.assign(new Error('refused'), { code });
          const explained = explainConnectFailure(`postgres://app:${password}@db.example/orders`, error);

          expect(explained.message).not.toContain(password);
        },
      ),
    );
  });

  it('describes a URL by its defaults, and an unreadable one not at all', () => {
    expect(describeUrl('postgres://db.example')).toBe('postgres at db.example:5432');
    expect(describeUrl('not a url with a secret')).toBe('(an unreadable URL)');
  });
});

describe('createDatabaseIfMissing', () => {
  it('creates a database once, however many ask at the same time', async () => {
    const missing = new URL(`/ensured "${process.pid}"`, url).href;

    const created = await Promise.all([1, 2, 3].map(() => createDatabaseIfMissing(missing)));

    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await createDatabaseIfMissing(missing)).toBe(false);
    expect((await execute(missing, 'select current_database() as name')).rows).toEqual([
      { name: `ensured "${process.pid}"` },
    ]);
  });

  it('says what is wrong when the server cannot be used', async () => {
    const wrong = new URL(url);
    wrong.password = 'wrong';

    await expect(createDatabaseIfMissing(wrong.href)).rejects.toThrow(/the password was refused/);
  });
});
