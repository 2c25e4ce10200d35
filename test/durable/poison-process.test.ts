// Poison in real processes: runs that end the process which executes them, among runs that would only like to finish.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { connectDurable, startInTransaction } from '../../src/durable/index.ts';
import type { DurableClient } from '../../src/durable/index.ts';
import { silent } from '../../src/kernel/index.ts';
import { createKnex, createPool } from '../../src/postgres/index.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const WORKER = join(import.meta.dirname, 'programs', 'worker.ts');
const GOOD = 24;
const POISON = { 'poison exits': 'test.exits', 'poison killed': 'test.killed' } as const;
/** Two deaths all together before anyone is on probation, then each alone to its fifth. */
const MOST_DEATHS = 5 * Object.keys(POISON).length;

let url: string;
let knex: Knex;
let client: DurableClient;
let end: () => Promise<unknown>;
beforeAll(async () => {
  url = await createTestDatabase('poison');
  await execute(url, 'create table public.death (run text); create table public.stuck (run text, code text)');
  const pool = createPool(url, { max: 2, name: 'test' });
  knex = createKnex(url, { max: 2, name: 'test' });
  client = await connectDurable({ pool, databaseUrl: url, knex, emit: silent });
  end = async () => await Promise.all([pool.end(), knex.destroy()]);
});
afterAll(async () => {
  await client.stop();
  await end();
});

async function start(runId: string, name: string): Promise<void> {
  await knex.transaction(async (trx) => void (await startInTransaction(trx, { runId, name, input: null })));
}

async function goodLeft(): Promise<number> {
  const rows = await knex('dbos.workflow_status').where({ name: 'test.good' }).whereNot({ status: 'SUCCESS' });
  return rows.length;
}

async function stuckRuns(): Promise<readonly unknown[]> {
  return await knex('public.stuck').select<readonly unknown[]>('run', 'code').orderBy('run');
}

// What time would do.
async function letLeasesRunOut(): Promise<void> {
  await knex('breakwater.executor').update({ expires_at: knex.raw(`clock_timestamp() - interval '1 second'`) });
}

/** What a supervisor does: another process whenever one died. Answers how many died. */
async function superviseUntil(over: () => Promise<boolean>): Promise<number> {
  for (let deaths = 0; ; deaths++) {
    const worker = new Program(WORKER, [url]);
    const died = worker.exitCode().then(() => true);
    const isOver = until(over, { what: 'the end of it', timeoutMs: 60_000 }).then(() => false);
    if (await Promise.race([died, isOver])) {
      isOver.catch(() => undefined);
      if (deaths > MOST_DEATHS) throw new Error('the processes die on');
      await letLeasesRunOut();
      continue;
    }
    await worker.end('SIGKILL');
    return deaths;
  }
}

it(
  'poison runs are set aside after five deaths at most, and their neighbours all succeed',
  { timeout: 120_000 },
  async () => {
    for (const [runId, name] of Object.entries(POISON)) await start(runId, name);
    for (let n = 0; n < GOOD; n++) await start(`good ${n}`, 'test.good');

    const deaths = await superviseUntil(async () => (await stuckRuns()).length === 2 && (await goodLeft()) === 0);

    expect(await stuckRuns()).toEqual([
      { run: 'poison exits', code: 'POISON' },
      { run: 'poison killed', code: 'POISON' },
    ]);
    expect(deaths).toBeLessThanOrEqual(MOST_DEATHS);
    const perRun = await knex('public.death').select('run').count({ deaths: '*' }).groupBy('run').orderBy('run');
    expect(Math.max(...perRun.map((row) => Number(row['deaths'])))).toBeLessThanOrEqual(5);
  },
);
