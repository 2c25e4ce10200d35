// Runs one durable transaction and dies where it is told: `before` its commit, `after` it, `between` it and DBOS's checkpoint, or `never`.
import pg from 'pg';
import {
  currentRun,
  launchDurable,
  registerDurable,
  runTransaction,
  startInTransaction,
} from '../../../src/durable/index.ts';
import { createKnex, createPool } from '../../../src/postgres/index.ts';

const [url = '', runId = '', dieAt = 'never', groups = 'on'] = process.argv.slice(2);

registerDurable('test.transaction', async () => {
  await runTransaction(4_096, 'insert', async (trx) => {
    await trx.raw('insert into public.effect_log (run) values (?)', [currentRun().runId]);
    if (dieAt === 'before') process.kill(process.pid, 'SIGKILL');
    return 'done';
  });
});

if (dieAt === 'between') killAtCheckpoint();

const pool = createPool(url, { max: 4, name: 'program-dbos' });
const knex = createKnex(url, { max: 4, name: 'program' });
const leaseKnex = createKnex(url, { max: 1, name: 'program-lease' });
await launchDurable({
  pool,
  databaseUrl: url,
  knex,
  leaseKnex,
  role: 'all',
  leaseTtlMs: 5_000,
  groupCheckpoints: groups === 'on',
  onBoundary: ({ phase, name }) => {
    if (dieAt === 'after' && phase === 'committed' && name === 'insert') process.kill(process.pid, 'SIGKILL');
  },
  emit: () => undefined,
  onStuck: async () => undefined,
  onFatal: (reason) => {
    throw new Error(reason);
  },
});
if (dieAt !== 'never') {
  const inserted = await knex.transaction(
    async (trx) => await startInTransaction(trx, { runId, name: 'test.transaction', input: null }),
  );
  await inserted.begin();
}
process.stdout.write(`${JSON.stringify({ launched: true })}\n`);

// The first statement that would record a step is the last this process sends.
function killAtCheckpoint(): void {
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    if (/insert into [\\"]*dbos[\\"]*\.operation_outputs/i.test(JSON.stringify(args[0]))) {
      process.kill(process.pid, 'SIGKILL');
    }
    return Reflect.apply(query, this, args) as unknown;
  } as typeof query;
}
