// The lease of a real process: renewed while it lives, its end when it cannot be, whatever the main thread does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { listExecutors } from '../../src/durable/index.ts';
import { renewLease } from '../../src/durable/lease-store.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { PostgresProxy } from '../chaos/faults/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { plantExecutor } from './planted.ts';

const TTL_MS = 2_000;
const PROGRAM = new URL('programs/hold-lease.ts', import.meta.url).pathname;

let url: string;
let knex: Knex;
beforeAll(async () => {
  url = await createTestDatabase('lease');
  knex = createKnex(url, { max: 2, name: 'lease-test' });
});
afterAll(() => knex.destroy());

const hold = (conduct: 'idle' | 'spin' | 'release', { ttlMs = TTL_MS, databaseUrl = url } = {}): Program =>
  new Program(PROGRAM, [databaseUrl, String(ttlMs), conduct]);

const rowOf = async (id: string) => (await listExecutors(knex)).find((row) => row.id === id);

/** How it ended, and how long that took. */
async function ending(program: Program): Promise<{ signal: NodeJS.Signals | null; afterMs: number }> {
  const began = performance.now();
  await program.exitCode();
  return { signal: program.child.signalCode, afterMs: performance.now() - began };
}

describe.concurrent('a lease', () => {
  it('is renewed with what the process tells of itself, and given up on release', async () => {
    const program = hold('idle');
    const id = await program.nextLine();
    const taken = await rowOf(id);

    const renewed = await until(
      async () => {
        const row = await rowOf(id);
        return row && taken && row.heartbeat_at > taken.heartbeat_at && row;
      },
      { what: 'a renewal' },
    );

    expect(renewed).toMatchObject({ slots_used: 1, slots_queued: 2, slots_capacity: 3, clock_skew_ms: 4 });
    expect(renewed.expires_at.getTime() - renewed.heartbeat_at.getTime()).toBe(TTL_MS);
    await program.end('SIGKILL');
  });

  it('does not keep a process alive that released it', async () => {
    const program = hold('release');
    const id = await program.nextLine();

    expect(await program.exitCode()).toBe(0);
    expect(await rowOf(id)).toBeUndefined();
  });

  it('is never renewed once it has run out: others may own its runs by then', async () => {
    const vitals = { slots: { used: 0, queued: 0, capacity: 0 }, clockSkewMs: 0 };
    await plantExecutor(knex, 'late', -1);
    await plantExecutor(knex, 'in time', 60_000);

    expect(await renewLease(knex, 'late', TTL_MS, vitals)).toBe(false);
    expect(await renewLease(knex, 'in time', TTL_MS, vitals)).toBe(true);

    expect(await rowOf('late')).toBeUndefined();
  });

  it('ends a process whose main thread is in an endless loop, with a word on stderr', async () => {
    const program = hold('spin');
    await program.nextLine();

    const { signal, afterMs } = await ending(program);

    expect(signal).toBe('SIGKILL');
    expect(program.stderr).toMatch(/has not renewed its lease for 2000 ms and ends at once/);
    expect(afterMs).toBeLessThan(TTL_MS + 1_000);
  });

  it('ends a process that was stopped for longer, as soon as it goes on', async () => {
    const program = hold('idle');
    const id = await program.nextLine();
    program.child.kill('SIGSTOP');
    await until(async () => !(await rowOf(id)), { what: 'the lease to run out' });

    const ended = ending(program);
    program.child.kill('SIGCONT');

    expect((await ended).afterMs).toBeLessThan(1_000);
    expect(program.stderr).toMatch(/lease/);
  });

  it('ends a process that the database does not answer any more', async () => {
    const proxy = await PostgresProxy.start(url);
    const program = hold('idle', { databaseUrl: proxy.through(url) });
    await program.nextLine();
    await proxy.partition('blackhole');

    const { signal, afterMs } = await ending(program);
    await proxy.close();

    expect(signal).toBe('SIGKILL');
    expect(afterMs).toBeLessThan(TTL_MS + 1_000);
  });

  it('outlives a network that swallows what it is sent for a good part of the ttl', async () => {
    const ttlMs = 4_000;
    const proxy = await PostgresProxy.start(url);
    const program = hold('idle', { databaseUrl: proxy.through(url), ttlMs });
    const id = await program.nextLine();
    const before = await until(async () => await rowOf(id), { what: 'the lease' });
    await proxy.partition('blackhole');
    await until(async () => await hasQuietFor(id, ttlMs / 2), { what: 'renewals to be missed' });

    await proxy.partition('reset');
    await proxy.heal();
    const after = await until(
      async () => {
        const row = await rowOf(id);
        return row && row.heartbeat_at.getTime() > before.heartbeat_at.getTime() + ttlMs / 2 && row;
      },
      { what: 'a renewal after the outage' },
    );

    expect(after.expires_at > before.expires_at).toBe(true);
    await program.end('SIGKILL');
    await proxy.close();
  });
});

async function hasQuietFor(id: string, ms: number): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(
    `select 1 from breakwater.executor
      where id = ? and heartbeat_at < clock_timestamp() - ? * interval '1 millisecond'`,
    [id, ms],
  );
  return rows.length > 0;
}
