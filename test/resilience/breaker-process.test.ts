// Three real processes and a service that fails now and then: what their shared breaker does is what the naive model does.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_BREAKER } from '../../src/kernel/index.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { Program } from '../support/program.ts';
import { startVendor } from '../tools/vendor-server.ts';
import type { VendorServer } from '../tools/vendor-server.ts';
import { BreakerModel } from './breaker-model.ts';
import { TRIES_ALL } from '../support/whole.ts';

const PROGRAM = join(import.meta.dirname, 'programs', 'breaker-caller.ts');
const PROBER = join(import.meta.dirname, 'programs', 'probe-caller.ts');
/** 3,334 make it the 10,000 calls that were tried by hand. */
const CALLS_EACH = TRIES_ALL ? 3_334 : 600;
const FLAP_MS = 200;
/** As the program has them. */
const SETTINGS = { ...DEFAULT_BREAKER, windowMs: 2_000, openMs: 100 };

let service: VendorServer;
let databaseUrl: string;
let probes = 0;
let mostProbes = 0;
let flapping: NodeJS.Timeout;

beforeAll(async () => {
  databaseUrl = await createTestDatabase('breaker_process');
  let isDown = false;
  flapping = setInterval(() => (isDown = !isDown), FLAP_MS);
  service = await startVendor((response, { headers }) => {
    const isProbe = headers['x-probe'] === 'yes';
    if (isProbe) mostProbes = Math.max(mostProbes, ++probes);
    setTimeout(() => {
      if (isProbe) probes -= 1;
      response.writeHead(isDown ? 503 : 200).end();
    }, 3);
  });
});
afterAll(async () => {
  clearInterval(flapping);
  await service[Symbol.asyncDispose]();
});

interface Told {
  readonly name: 'breaker.told' | 'breaker.asked' | 'breaker.tried' | 'counts';
  readonly version: number;
  /** Of this version of the row; otherwise it came after it and changed nothing. */
  readonly isNew: boolean;
  readonly nowMs: number;
  readonly epoch: number;
  readonly tallies: readonly { readonly ok: boolean; readonly count: number; readonly atMs: number }[];
  readonly token: string;
  readonly verdict: 'ok' | 'failed' | 'none';
  readonly passed: number;
  readonly refused: number;
}

async function untilDone(program: Program): Promise<Told[]> {
  const told: Told[] = [];
  do told.push(await program.nextJson<Told>());
  while (told.at(-1)?.name !== 'counts');
  expect(await program.exitCode()).toBe(0);
  return told;
}

/** The states that the model passes through when it is told the same in the order of the row's versions. */
function replay(told: readonly Told[]): string[] {
  const model = new BreakerModel();
  const states = ['closed'];
  for (const each of told.toSorted((a, b) => a.version - b.version || Number(b.isNew) - Number(a.isNew))) {
    tell(model, each);
    if (model.epoch >= states.length) states.push(model.kind);
  }
  return states;
}

function tell(model: BreakerModel, { name, nowMs, epoch, tallies, token, verdict }: Told): void {
  if (name === 'breaker.asked') model.ask(token, nowMs + 10_000, nowMs);
  if (name === 'breaker.tried') model.settle(token, verdict, SETTINGS, nowMs);
  if (name !== 'breaker.told') return;
  for (const { ok, count, atMs } of tallies)
    for (let call = 0; call < count; call++) model.tell(epoch, { ok, atMs }, SETTINGS, nowMs);
}

/** How long the lease of an executor lasts that dies, and of a probe that hangs. */
const EXECUTOR_TTL_MS = 5_000;
const PROBE_TIMEOUT_MS = 60_000;
/** A process looks at the breakers at least so often. */
const LOOK_MS = 5_000;

interface Prober {
  readonly name: 'refused' | 'tries' | 'ended';
  readonly nowMs: number;
}

describe('a process that is killed while it tries a service', () => {
  it.concurrent(
    'is followed by one other once its lease is over, and by none before',
    { timeout: 90_000 },
    async () => {
      const name = 'killed';
      let trying = 0;
      await using down = await startVendor((response) => {
        trying += 1;
        if (trying > 1) response.end();
      });
      await execute(
        databaseUrl,
        `insert into breakwater.circuit_breaker (tenant, service, state, epoch, opened_at, next_probe_at)
       values ('*', '${name}', 'open', 1, clock_timestamp(), clock_timestamp())`,
      );
      const prober = (id: string): Program => {
        const args = [databaseUrl, down.url, name, id, EXECUTOR_TTL_MS, PROBE_TIMEOUT_MS];
        return new Program(PROBER, args.map(String));
      };

      const first = prober('prober-1');
      expect((await first.nextJson<Prober>()).name).toBe('tries');
      const others = ['prober-2', 'prober-3'].map(prober);
      for (const other of others) expect((await other.nextJson<Prober>()).name).toBe('refused');
      await first.end('SIGKILL');
      const { rows } = await execute(
        databaseUrl,
        `select extract(epoch from expires_at)::float8 * 1000 as at from breakwater.executor where id = 'prober-1'`,
      );
      const expiredAtMs = Number(rows[0]?.['at']);
      const followed = await Promise.all(others.map(async (other) => await other.nextJson<Prober>()));
      const tookOverAtMs = Math.min(...followed.map(({ nowMs }) => nowMs));

      expect(tookOverAtMs).toBeGreaterThan(expiredAtMs - 100);
      expect(tookOverAtMs).toBeLessThan(expiredAtMs + 3 * LOOK_MS);
      for (const other of others) expect(await other.exitCode()).toBe(0);
      const { rows: states } = await execute(
        databaseUrl,
        `select to_state, why from breakwater.breaker_transition where service = '${name}' order by id`,
      );
      expect(states.map(({ to_state: to }) => to)).toEqual(['half_open', 'closed']);
    },
  );
});

describe('calls of three processes', () => {
  it.concurrent(
    'open and close one breaker as the model does, and never try twice at once',
    { timeout: 90_000 },
    async () => {
      const programs = [1, 2, 3].map(() => new Program(PROGRAM, [databaseUrl, service.url, String(CALLS_EACH)]));
      const told = (await Promise.all(programs.map(untilDone))).flat();

      const counts = told.filter(({ name }) => name === 'counts');
      const changes = told.filter(({ name }) => name !== 'counts');
      const { rows } = await execute(
        databaseUrl,
        `select to_state from breakwater.breaker_transition where service = 'flapping' order by epoch`,
      );
      const states = ['closed', ...rows.map(({ to_state: to }) => to)];

      expect(counts.reduce((sum, { passed, refused }) => sum + passed + refused, 0)).toBe(3 * CALLS_EACH);
      expect(states.length).toBeGreaterThan(6);
      expect(replay(changes)).toEqual(states);
      expect(mostProbes).toBe(1);
      expect(service.received).toHaveLength(counts.reduce((sum, { passed }) => sum + passed, 0));
    },
  );
});
