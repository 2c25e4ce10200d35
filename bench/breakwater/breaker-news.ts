// How soon one process learns that a breaker opened in another: one side has calls of a service fail, the other waits for the news.
import { DEFAULT_BREAKER, systemClock } from '../../src/kernel/index.ts';
import type { Emit } from '../../src/kernel/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { openBreakers } from '../../src/resilience/index.ts';
import type { Breakers } from '../../src/resilience/index.ts';
import { createMarks, now } from '../marks.ts';

const TENANT = '*';
const TIMEOUT_MS = 1_000;
/** Nothing is tried again while it is measured. */
const SETTINGS = { ...DEFAULT_BREAKER, openMs: 3_600_000 };

export interface BreakerNews {
  /** When the last of the failures was told that open the breaker of `service`. */
  fail(service: string): Promise<number>;
  /** When this process knew that it is open. */
  seen(service: string): Promise<number>;
}

/** Breakers of their own beside those of the app, as long as this process lives. */
export async function openBreakerNews(databaseUrl: string): Promise<BreakerNews> {
  const marks = createMarks();
  const emit: Emit = ({ name, fields }) => {
    if (name === 'breaker.seen' && fields['to'] === 'open') marks.hit(String(fields['service']));
  };
  const knex = createKnex(databaseUrl, { max: 2, name: 'bench-breaker-news' });
  const breakers = await openBreakers({ knex, databaseUrl, clock: systemClock, emit });
  return {
    fail: async (service) => await fail(breakers, service),
    seen: async (service) => await marks.reached(service),
  };
}

async function fail(breakers: Breakers, service: string): Promise<number> {
  const use = { service, park: false, settings: SETTINGS };
  const calls = Array.from({ length: SETTINGS.failures }, async () => await breakers.enter(TENANT, use, TIMEOUT_MS));
  for (const entry of await Promise.all(calls)) if (!entry.refused) entry.leave('failed');
  return now();
}
