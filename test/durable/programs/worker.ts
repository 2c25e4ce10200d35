// An executor that runs good runs, and runs that take it down: `exits` and `killed` note their run before they do.
import { setTimeout as sleep } from 'node:timers/promises';
import { StuckError, currentRun, launchDurable, registerDurable, runStep } from '../../../src/durable/index.ts';
import { createKnex, createPool } from '../../../src/postgres/index.ts';

const [url = ''] = process.argv.slice(2);

const pool = createPool(url, { max: 8, name: 'program-dbos' });
const knex = createKnex(url, { max: 8, name: 'program' });
const leaseKnex = createKnex(url, { max: 1, name: 'program-lease' });

registerDurable('test.good', async () => {
  for (const id of [4_096, 8_192, 12_288]) await runStep(id, `step ${id}`, async () => await sleep(20, null));
});
// oxlint-disable-next-line unicorn/no-process-exit -- what a poison run does
registerDurable('test.exits', async () => await die(() => process.exit(9)));
registerDurable('test.killed', async () => await die(() => process.kill(process.pid, 'SIGKILL')));

async function die(end: () => void): Promise<void> {
  await runStep(4_096, 'dies', async () => {
    await knex('public.death').insert({ run: currentRun().runId });
    end();
    return null;
  });
}

const durable = await launchDurable({
  pool,
  databaseUrl: url,
  knex,
  leaseKnex,
  role: 'worker',
  leaseTtlMs: 10_000,
  emit: () => undefined,
  onStuck: async (trx, runId, error) => {
    await trx('public.stuck').insert({ run: runId, code: error instanceof StuckError ? error.code : String(error) });
  },
  onFatal: (reason) => {
    throw new Error(reason);
  },
});
process.stdout.write(`${JSON.stringify({ executorId: durable.executorId })}\n`);
