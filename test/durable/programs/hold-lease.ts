// Takes a lease and prints its executor id and when it was taken; with `spin` it then blocks its main thread for ever.
import { randomUUID } from 'node:crypto';
import { takeLease } from '../../../src/durable/lease.ts';
import { createKnex } from '../../../src/postgres/index.ts';

const [url = '', ttlMs = '', conduct = 'idle'] = process.argv.slice(2);

const knex = createKnex(url, { max: 2, name: 'program-lease', watchdogMs: Number(ttlMs) / 4 });
const executor = { id: randomUUID(), host: 'here', pid: process.pid, role: 'all' };
const lease = await takeLease({
  knex,
  executor,
  ttlMs: Number(ttlMs),
  vitals: () => ({ slots: { used: 1, queued: 2, capacity: 3 }, clockSkewMs: 4.4 }),
  emit: () => undefined,
  onLost: (reason) => {
    process.stderr.write(`lost its lease: ${reason}\n`);
    // oxlint-disable-next-line unicorn/no-process-exit -- as the app does
    process.exit(70);
  },
});
process.stdout.write(`${executor.id}\n`);

if (conduct === 'spin') {
  // oxlint-disable-next-line no-empty -- what a defect may do
  for (;;) {}
}
if (conduct === 'release') {
  await lease.release();
  await knex.destroy();
}
