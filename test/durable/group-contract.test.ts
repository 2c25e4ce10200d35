// One contract, two paths: the same workflows on DBOS's own checkpoints and on grouped ones give the same results and leave the same rows.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  currentRun,
  loadRecord,
  openBranches,
  registerDurable,
  runStep,
  runTransaction,
} from '../../src/durable/index.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

const step = async <T>(body: () => Promise<T>, name = 'step'): Promise<T> => await DBOS.runStep(body, { name });
const idOf = (run: string): string => `contract.${run}`;

/** What a caught error says: DBOS's errors have codes, others names. */
const told = (error: unknown): unknown =>
  error instanceof Error ? { name: error.name, message: error.message } : String(error);

async function caught(body: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await body() };
  } catch (error) {
    return { thrown: told(error) };
  }
}

/** Workflows as a user of DBOS writes them: what each answers, or how it ends. */
const workflows: Readonly<Record<string, () => Promise<unknown>>> = {
  async steps() {
    const seen = [];
    for (let at = 0; at < 5; at++) seen.push(await step(async () => at * at));
    return seen;
  },
  async values() {
    const values = [
      undefined,
      null,
      '',
      'ünï\u{1F600}cödé "\\ {,}',
      1.5,
      ['NULL', null],
      { at: new Date(0) },
      'x'.repeat(70_000),
    ];
    return await Promise.all(values.map(async (value) => await step(async () => value)));
  },
  async fanOut() {
    return await Promise.all(Array.from({ length: 60 }, async (_, at) => await step(async () => at)));
  },
  async failure() {
    const failing = async (): Promise<never> => {
      throw Object.assign(new Error('no such page'), { code: 'NOT_FOUND' });
    };
    return [await caught(async () => await step(failing)), await caught(async () => await step(failing, 'other'))];
  },
  async retries() {
    let attempts = 0;
    const fragile = async (): Promise<number> => {
      if (++attempts < 3) throw new Error('again');
      return attempts;
    };
    return await DBOS.runStep(fragile, { name: 'fragile', retriesAllowed: true, intervalSeconds: 0.001 });
  },
  async throws() {
    await step(async () => 1);
    throw new Error('the end');
  },
  async everything() {
    await DBOS.setEvent('event', 'set');
    await DBOS.send(DBOS.workflowID!, 'sent to itself', 'topic');
    const received = await DBOS.recv('topic', { timeoutSeconds: 0 });
    const nothing = await DBOS.recv('topic', { timeoutSeconds: 0 });
    await DBOS.sleep(1);
    const child = await DBOS.startWorkflow(childWorkflow, { workflowID: idOf('child') })('from the parent');
    return [
      received,
      nothing,
      await child.getResult(),
      await DBOS.getEvent(DBOS.workflowID!, 'event', { timeoutSeconds: 0 }),
    ];
  },
  async messages() {
    const take = async (topic?: string) => await DBOS.recv(topic, { timeoutSeconds: 0 });
    for (const value of ['first', null, { at: new Date(0) }]) await DBOS.send(DBOS.workflowID!, value, 'topic');
    await DBOS.send(DBOS.workflowID!, 'without a topic');
    const taken = [await take('topic'), await take('topic'), await take('other'), await take('topic'), await take()];
    return [...taken, await DBOS.recv('topic', { timeoutSeconds: 0.01 })];
  },
  async cancelledBeforeRecv() {
    await DBOS.send(DBOS.workflowID!, 'never taken', 'topic');
    await DBOSExecutor.globalInstance!.systemDatabase.cancelWorkflows([DBOS.workflowID!]);
    return await DBOS.recv('topic', { timeoutSeconds: 0 });
  },
  async cancelled() {
    await step(async () => 'recorded');
    await DBOSExecutor.globalInstance!.systemDatabase.cancelWorkflows([DBOS.workflowID!]);
    await step(async () => 'never');
    return 'never';
  },
};

const childWorkflow = DBOS.registerWorkflow(async (word: string) => await step(async () => `a child ${word}`), {
  name: 'contract.child',
});
const registered = Object.entries(workflows).map(([name, body]) => ({
  name,
  workflow: DBOS.registerWorkflow(body, { name: `contract.${name}` }),
}));

const attempts = new Map<string, number>();

registerDurable('contract.durable', async () => {
  const { runId } = currentRun();
  const attempt = (attempts.get(runId) ?? 0) + 1;
  attempts.set(runId, attempt);
  const { systemDatabase } = DBOSExecutor.globalInstance!;
  await runStep(4_096, 'first', async () => 'one');
  await runTransaction(
    8_192,
    'transaction',
    async (trx) => (await trx.raw<{ rows: unknown[] }>('select 1 as one')).rows[0],
  );
  const branches = openBranches<number, string>();
  for (let at = 3; at < 10; at++)
    branches.start(at, async () => await runStep(4_096 * at, `branch ${at}`, async () => `of attempt ${attempt > 0}`));
  await branches.drain();
  // Once as the token of a start, once as that of a claim, with the record read and without.
  if (attempt === 1) {
    await systemDatabase.recordOperationResult(runId, 100, 'twice', true, 1, 2, {
      output: '{"json":"first","__dbos_serializer":"superjson"}',
    });
    expect(await caught(async () => await runStep(100, 'twice', async () => 'second'))).toEqual({ value: 'first' });
    throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  }
  if (attempt === 2) await loadRecord(engineOfNow().knex);
  await runStep(4_096 * 20, 'last', async () => 'reached');
  await runStep(4_096, 'another name', async () => 'never');
});

let now: TestEngine | undefined;
const engineOfNow = (): TestEngine => {
  if (!now) throw new Error('no engine runs');
  return now;
};

interface Observed {
  readonly results: unknown;
  readonly stuck: unknown;
  readonly tables: Record<string, unknown>;
  readonly groups: number;
}

async function observe(groupCheckpoints: boolean): Promise<Observed> {
  const engine = await openEngine({ groupCheckpoints });
  now = engine;
  attempts.clear();
  try {
    const results = await Promise.all(
      registered.map(async ({ name, workflow }) => {
        const handle = await DBOS.startWorkflow(workflow, { workflowID: idOf(name) })();
        return { name, ended: await caught(async () => await handle.getResult()) };
      }),
    );
    await engine.start('contract.durable', null, idOf('durable'));
    await until(() => engine.stuck.length === 1, { what: 'the step with another name to be told' });
    const stuck = engine.stuck.map(({ error }) => told(error));
    await until(async () => (await engine.workflowRow(idOf('durable'))).owner_xid === null, {
      what: 'it to be set aside',
    });
    const groups = engine.events.filter(({ name }) => name === 'durable.group').length;
    return { results, stuck, tables: await tablesOf(engine), groups };
  } finally {
    await engine.stop();
  }
}

/** Every row of DBOS, less what no two executions share: times, and ids drawn by chance. */
async function tablesOf({ knex }: TestEngine): Promise<Record<string, unknown>> {
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(
    `select table_name as name from information_schema.tables where table_schema = 'dbos' and table_type = 'BASE TABLE' and table_name not like '%migration%'`,
  );
  const tables: Record<string, unknown> = {};
  for (const { name } of rows) {
    const content = await knex.raw<{ rows: Record<string, unknown>[] }>(`select * from dbos.${name}`);
    tables[name] = content.rows
      .map(withoutChance)
      .map((row) => JSON.stringify(row))
      .toSorted();
  }
  return tables;
}

function withoutChance(row: Record<string, unknown>): Record<string, unknown> {
  const chance = /(_at|_epoch_ms|timestamp|_xid|executor_id|_uuid|created_at|version_id)$/;
  return Object.fromEntries(
    Object.entries(row['function_name'] === 'DBOS.sleep' ? { ...row, output: 'some' } : row).map(([key, value]) => [
      key,
      chance.test(key) && value !== null && !JSON.stringify(value).startsWith('"contract.') ? 'some' : value,
    ]),
  );
}

describe('group checkpoints', () => {
  let stock: Observed;
  let grouped: Observed;

  beforeAll(async () => {
    stock = await observe(false);
    grouped = await observe(true);
  });

  it('are in use when they are on, and only then', () => {
    expect(stock.groups).toBe(0);
    expect(grouped.groups).toBeGreaterThan(10);
  });

  it('answer what DBOS answers', () => {
    expect(grouped.results).toEqual(stock.results);
  });

  it('set a run aside for the same reason', () => {
    expect(grouped.stuck).toEqual(stock.stuck);
  });

  it('leave the rows that DBOS leaves', () => {
    expect(Object.keys(stock.tables)).toEqual(
      expect.arrayContaining(['workflow_status', 'operation_outputs', 'workflow_output']),
    );
    // DBOS's proof that a transaction was done is needed where its record does not commit with it.
    expect(stock.tables['transaction_completion']).toHaveLength(1);
    expect(grouped.tables).toEqual({ ...stock.tables, transaction_completion: [] });
  });
});
