// Measures a herd: `node takeover.ts <postgres url> [runs] [processes]` plants runs of a dead executor on a migrated
// database and tells how long living executors take to end them, how evenly they share, and how many acts ran at once.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectDurable,
  launchDurable,
  migrateDurableSchema,
  registerDurable,
  runStep,
  startInTransaction,
} from '../../../src/durable/index.ts';
import { ENGINE_PROTOCOL } from '../../../src/durable/protocol.ts';
import { silent } from '../../../src/kernel/index.ts';
import { createKnex, createPool, migrate } from '../../../src/postgres/index.ts';
import { createSlots } from '../../../src/resilience/index.ts';
import { Program } from '../../support/program.ts';

const SLOTS = 16;
const [url = '', runs = '5000', processes = '2', mode = 'drive'] = process.argv.slice(2);

const pool = createPool(url, { max: 10, name: 'takeover-dbos' });
const knex = createKnex(url, { max: 10, name: 'takeover' });

if (mode === 'work') await work();
else await drive();

async function work(): Promise<void> {
  const slots = createSlots(SLOTS);
  let most = 0;
  registerDurable('test.herd', async () => {
    await runStep(4_096, 'act', async () => {
      return await slots.run('normal', new AbortController().signal, async () => {
        most = Math.max(most, slots.used);
        return await sleep(5, null);
      });
    });
  });
  const leaseKnex = createKnex(url, { max: 1, name: 'takeover-lease' });
  const durable = await launchDurable({
    pool,
    databaseUrl: url,
    knex,
    leaseKnex,
    role: 'worker',
    leaseTtlMs: 10_000,
    emit: silent,
    onStuck: async () => undefined,
    onFatal: (reason) => {
      throw new Error(reason);
    },
  });
  say({ executorId: durable.executorId });
  await once(process, 'SIGTERM');
  say({ most });
  await durable.stop(5_000);
  await Promise.all([pool.end(), knex.destroy(), leaseKnex.destroy()]);
}

async function drive(): Promise<void> {
  await migrateDurableSchema(url, pool, knex);
  await migrate(knex);
  await plant(Number(runs));
  const workers = Array.from(
    { length: Number(processes) },
    () => new Program(import.meta.filename, [url, '', '', 'work']),
  );
  await Promise.all(workers.map(async (worker) => await worker.nextLine()));
  const startedAt = performance.now();
  await knex('dbos.workflow_status').update({ queue_name: null, status: 'PENDING', executor_id: 'dead' });
  const [takenMs, endedMs] = [await msUntilNone({ executor_id: 'dead' }, startedAt), await msUntilNone({}, startedAt)];
  const shares = await knex('dbos.workflow_status').select('executor_id').count({ runs: '*' }).groupBy('executor_id');
  const claims = await knex('dbos.workflow_status').max({ most: 'recovery_attempts' }).first();
  const most = await Promise.all(workers.map(async (worker) => await lastWordOf(worker)));
  say({
    runs: Number(runs),
    takenMs,
    endedMs,
    shares: shares.map((share) => Number(share['runs'])),
    most,
    slots: SLOTS,
    claims,
  });
  await Promise.all([pool.end(), knex.destroy()]);
}

// Kept off the queue until the workers are there.
async function plant(count: number): Promise<void> {
  const client = await connectDurable({ pool, databaseUrl: url, knex, emit: silent });
  for (let n = 0; n < count; n += 100) {
    await knex.transaction(async (trx) => {
      for (let m = n; m < Math.min(n + 100, count); m++)
        await startInTransaction(trx, { runId: `herd ${m}`, name: 'test.herd', input: null });
      await trx('dbos.workflow_status').update({ queue_name: 'elsewhere' });
    });
  }
  await client.stop();
  await knex('breakwater.executor').insert({
    id: 'dead',
    host: 'here',
    pid: 1,
    role: 'worker',
    protocol: ENGINE_PROTOCOL,
    expires_at: new Date(0),
  });
}

async function msUntilNone(condition: Record<string, string>, startedAt: number): Promise<number> {
  for (;;) {
    const [left] = await knex('dbos.workflow_status').where(condition).whereNot('status', 'SUCCESS').count({ n: '*' });
    if (Number(left?.['n']) === 0) return Math.round(performance.now() - startedAt);
    await sleep(100);
  }
}

async function lastWordOf(worker: Program): Promise<number> {
  worker.child.kill('SIGTERM');
  const { most } = await worker.nextJson<{ most: number }>();
  await worker.end('SIGKILL');
  return most;
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
