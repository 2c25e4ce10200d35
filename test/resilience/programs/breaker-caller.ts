// A replica that calls a flapping service through its breaker, in a process of its own, and prints what it told the shared row.
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_BREAKER } from '../../../src/kernel/index.ts';
import { DatabaseClock, createKnex } from '../../../src/postgres/index.ts';
import { openBreakers } from '../../../src/resilience/index.ts';

const [databaseUrl = '', serviceUrl = '', calls = '0'] = process.argv.slice(2);
const TOLD = new Set(['breaker.told', 'breaker.asked', 'breaker.tried']);
const CALLERS = 8;

const use = {
  service: 'flapping',
  park: false,
  settings: { ...DEFAULT_BREAKER, windowMs: 2_000, openMs: 100 },
};

const knex = createKnex(databaseUrl, { max: 5, name: 'caller' });
const clock = new DatabaseClock(knex);
await clock.measure();
const breakers = await openBreakers({
  knex,
  databaseUrl,
  clock,
  emit: ({ name, fields }) => {
    if (TOLD.has(name)) print({ ...fields, name });
  },
});

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

let left = Number(calls);
const counts = { name: 'counts', passed: 0, refused: 0 };

async function callOnce(): Promise<void> {
  const entry = await breakers.enter('*', use, 5_000);
  if (entry.refused) {
    counts.refused += 1;
    return;
  }
  counts.passed += 1;
  const isProbe = breakers.stateOf('*', use.service) === 'half_open';
  const response = await fetch(serviceUrl, { headers: isProbe ? { 'x-probe': 'yes' } : {} });
  await response.text();
  entry.leave(response.ok ? 'ok' : 'failed');
}

async function keepCalling(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await callOnce();
    await delay(5 + Math.random() * 10);
  }
}

await Promise.all(Array.from({ length: CALLERS }, keepCalling));
await breakers.stop();
await knex.destroy();
print(counts);
