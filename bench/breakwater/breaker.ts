// What a circuit breaker costs a call: one that passes while its service does well, and one that is refused.
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_BREAKER, systemClock } from '../../src/kernel/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { openBreakers } from '../../src/resilience/index.ts';
import type { Breakers } from '../../src/resilience/index.ts';
import { percentile } from '../statistics.ts';

const TENANT = '*';
const TIMEOUT_MS = 1_000;
/** Nothing opens twice while it is measured. */
const SETTINGS = { ...DEFAULT_BREAKER, openMs: 3_600_000 };

export interface BreakerCosts {
  readonly closedCallUs: number;
  readonly refusalP99Us: number;
}

export async function breakerCosts(databaseUrl: string, calls: number): Promise<BreakerCosts> {
  const knex = createKnex(databaseUrl, { max: 2, name: 'bench-breakers' });
  const breakers = await openBreakers({ knex, databaseUrl, clock: systemClock });
  try {
    return { closedCallUs: await closedCallUs(breakers, calls), refusalP99Us: await refusalP99Us(breakers, calls) };
  } finally {
    await breakers.stop();
    await knex.destroy();
  }
}

/** The mean: a single call is shorter than what a clock can tell. */
async function closedCallUs(breakers: Breakers, calls: number): Promise<number> {
  const use = { service: 'well', park: false, settings: SETTINGS };
  const startedAt = performance.now();
  for (let call = 0; call < calls; call++) {
    const entry = await breakers.enter(TENANT, use, TIMEOUT_MS);
    if (entry.refused) throw new Error('a breaker that is closed refused a call');
    entry.leave('ok');
  }
  return ((performance.now() - startedAt) / calls) * 1_000;
}

async function refusalP99Us(breakers: Breakers, calls: number): Promise<number> {
  const use = { service: `ill ${Date.now()}`, park: false, settings: SETTINGS };
  for (let call = 0; call < SETTINGS.failures; call++) {
    const entry = await breakers.enter(TENANT, use, TIMEOUT_MS);
    if (!entry.refused) entry.leave('failed');
  }
  while (breakers.stateOf(TENANT, use.service) !== 'open') await sleep(1);
  const durations: number[] = [];
  for (let call = 0; call < calls; call++) {
    const startedAt = performance.now();
    const entry = await breakers.enter(TENANT, use, TIMEOUT_MS);
    durations.push((performance.now() - startedAt) * 1_000);
    if (!entry.refused) throw new Error('a breaker that is open let a call pass');
  }
  return percentile(durations, 0.99);
}
