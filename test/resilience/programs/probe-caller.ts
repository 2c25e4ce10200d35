// An executor that calls a service until its breaker lets it try, in a process of its own, and prints when it is refused and when it tries.
import { setTimeout as delay } from 'node:timers/promises';
import { takeLease } from '../../../src/durable/lease.ts';
import { DEFAULT_BREAKER, silent } from '../../../src/kernel/index.ts';
import { DatabaseClock, createKnex } from '../../../src/postgres/index.ts';
import { openBreakers } from '../../../src/resilience/index.ts';

const [databaseUrl = '', serviceUrl = '', service = '', executorId = '', leaseTtlMs = '', probeTimeoutMs = ''] =
  process.argv.slice(2);
const use = { service, park: false, settings: { ...DEFAULT_BREAKER, successes: 1 } };

const knex = createKnex(databaseUrl, { max: 5, name: 'prober' });
const clock = new DatabaseClock(knex);
await clock.measure();
const lease = await takeLease({
  knex,
  executor: { id: executorId, host: 'localhost', pid: process.pid, role: 'all' },
  ttlMs: Number(leaseTtlMs),
  emit: silent,
  vitals: () => ({ slots: { used: 0, queued: 0, capacity: 0 }, clockSkewMs: 0 }),
  onLost: (reason) => {
    throw new Error(reason);
  },
});
const breakers = await openBreakers({ knex, databaseUrl, clock, holder: () => executorId });

function print(name: string): void {
  process.stdout.write(`${JSON.stringify({ name, nowMs: clock.now() })}\n`);
}

let entry = await breakers.enter('*', use, Number(probeTimeoutMs));
if (entry.refused) print('refused');
while (entry.refused) {
  await delay(50);
  entry = await breakers.enter('*', use, Number(probeTimeoutMs));
}
print('tries');
const response = await fetch(serviceUrl);
await response.text();
entry.leave(response.ok ? 'ok' : 'failed');
await breakers.stop();
await lease.release();
await knex.destroy();
print('ended');
