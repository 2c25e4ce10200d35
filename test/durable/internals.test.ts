// The contract with the parts of DBOS that carry no version promise: fails when a bump moves one that internals.ts touches, or what we know of it.
import { DBOS } from '@dbos-inc/dbos-sdk';
import {
  DEBUG_TRIGGER_INITWF_COMMIT,
  DEBUG_TRIGGER_STEP_COMMIT,
  clearDebugTriggers,
  setDebugTrigger,
} from '@dbos-inc/dbos-sdk/internal/debugpoint';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { SystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database';
import { dbRetryConfig } from '@dbos-inc/dbos-sdk/internal/utils';
import type { Knex } from 'knex';
import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dbosLogger } from '../../src/durable/dbos-log.ts';
import { classifyEscape } from '../../src/durable/escape.ts';
import { asExecution } from '../../src/durable/execution.ts';
import * as internals from '../../src/durable/internals.ts';
import { registerTransactions, runTransaction } from '../../src/durable/transaction.ts';
import { silent } from '../../src/kernel/index.ts';
import { createKnex, createPool, rawClient } from '../../src/postgres/index.ts';
import { LostConnectionError } from '../../src/postgres/relabel.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const { DBOSWorkflowCancelledError, DBOSWorkflowConflictError } = internals;

/** Each workflow of this file: what it does is given by its id. */
const bodies = new Map<string, () => Promise<unknown>>();
const workflow = DBOS.registerWorkflow(async (_input: unknown) => await bodies.get(DBOS.workflowID ?? '')?.(), {
  name: 'contract',
});

/** DBOS alone: no lease, no sweep, no guard of ours. */
let pool: Pool;
let knex: Knex;
beforeAll(async () => {
  const url = await createTestDatabase('internals');
  pool = createPool(url, { max: 8, name: 'test-dbos' });
  knex = createKnex(url, { max: 4, name: 'test' });
  registerTransactions(knex);
  DBOS.setConfig({
    name: 'contract',
    systemDatabaseUrl: url,
    systemDatabasePool: pool,
    executorID: 'this executor',
    applicationVersion: 'this version',
    logger: dbosLogger(silent),
  });
  await DBOS.launch();
});
afterEach(() => clearDebugTriggers());
afterAll(async () => {
  await DBOS.shutdown();
  await Promise.all([pool.end(), knex.destroy()]);
});

const start = async (runId: string, body: () => Promise<unknown>) => {
  bodies.set(runId, body);
  return await DBOS.startWorkflow(workflow, { workflowID: runId })(null);
};
const run = async <T>(runId: string, body: () => Promise<T>): Promise<T> => {
  let value: { of: T } | undefined;
  const keep = async () => (value = { of: await body() }).of;
  await (await start(runId, keep)).getResult();
  return value!.of;
};
const step = async <T>(value: T, name = 'step'): Promise<T> => await DBOS.runStep(async () => value, { name });

const systemDatabase = (): SystemDatabase => {
  if (!DBOSExecutor.globalInstance) throw new Error('DBOS is not launched');
  return DBOSExecutor.globalInstance.systemDatabase;
};

interface Row {
  status: string;
  owner_xid: string | null;
  executor_id: string;
  application_version: string;
  queue_name: string | null;
}
const rowOf = async (runId: string): Promise<Row | undefined> =>
  await knex.withSchema('dbos').table('workflow_status').first<Row>().where('workflow_uuid', runId);
const stepsOf = async (runId: string): Promise<unknown[]> => {
  const rows = await knex
    .withSchema('dbos')
    .table('operation_outputs')
    .select<{ id: number; name: string }[]>('function_id as id', 'function_name as name')
    .where('workflow_uuid', runId)
    .orderBy('function_id');
  return rows.map(({ id, name }) => [id, name]);
};
const hasOutcome = async (runId: string): Promise<boolean> =>
  (await knex.withSchema('dbos').table('workflow_output').where('workflow_uuid', runId)).length > 0;

async function insert(runId: string, body: () => Promise<unknown>, ownerXid = 'token of the start') {
  bodies.set(runId, body);
  return await knex.transaction(
    async (trx) =>
      await internals.insertWorkflow(await rawClient(trx), {
        runId,
        name: 'contract',
        args: [{ greeting: 'hello' }],
        priority: 3,
        ownerXid,
      }),
  );
}

describe('the version', () => {
  it('is the one that everything here was read from', () => {
    const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

    expect(read('package.json')).toMatchObject({ dependencies: { '@dbos-inc/dbos-sdk': '5.3.0' } });
    expect(read('node_modules/@dbos-inc/dbos-sdk/package.json')).toMatchObject({ version: '5.3.0' });
    expect(internals.dbosVersion()).toBe('5.3.0');
  });

  it('has a case in this file for all that we touch', () => {
    const cases = readFileSync(new URL(import.meta.url), 'utf8');

    expect(Object.keys(internals).filter((touched) => !cases.includes(touched))).toEqual([]);
  });
});

describe('an execution', () => {
  it('knows its run and the token that owns its row, as currentExecution and currentOwnerXid tell', async () => {
    const seen = await run('context', async () => [
      internals.currentExecution(),
      internals.currentOwnerXid('context'),
      internals.currentOwnerXid('another run'),
      (await rowOf('context'))?.owner_xid,
    ]);

    const token: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(seen).toEqual([{ runId: 'context', ownerXid: token }, token, undefined, token]);
    expect(new Set(seen.filter((each) => typeof each === 'string')).size).toBe(1);
    expect(internals.currentExecution()).toBeUndefined();
  });

  it('numbers the steps of each branch on from its base with withStepIdsFrom, whatever runs beside it', async () => {
    await run('branches', async () => {
      await step(null, 'outside');
      const branch = async (base: number): Promise<void> =>
        await internals.withStepIdsFrom(base, async () => {
          for (const name of ['one', 'two']) await step(null, `${base} ${name}`);
        });
      await Promise.all([branch(500), branch(9_000)]);
      await step(null, 'outside again');
    });

    expect(await stepsOf('branches')).toEqual([
      [0, 'outside'],
      [1, 'outside again'],
      [500, '500 one'],
      [501, '500 two'],
      [9_000, '9000 one'],
      [9_001, '9000 two'],
    ]);
  });

  it('is told from one that is not here by isRunningHere', async () => {
    const gate = Promise.withResolvers<void>();
    const handle = await start('here', async () => await gate.promise);

    expect(internals.isRunningHere('here')).toBe(true);
    gate.resolve();
    await handle.getResult();

    expect(internals.isRunningHere('here')).toBe(false);
  });
});

describe('a transaction that records its own step', () => {
  it('is known by isStepRecorded, stores what serializeOutput gives and the applicationName, and keeps DBOS out by asTransaction', async () => {
    const value = { at: new Date(0), list: [1, null] };
    const seen = await run('own record', async () => {
      const serialized = await internals.serializeOutput(value, 'own');
      const before = await internals.isStepRecorded('own record', 70);
      await internals.withStepIdsFrom(70, async () => await step('value'));
      const within = await internals
        .asTransaction(71, async () => await step('refused'))
        .catch((error: unknown) => String(error));
      return [before, await internals.isStepRecorded('own record', 70), within, serialized.value, serialized.text];
    });

    const [before, after, within, round, text] = seen as unknown[];
    expect([before, after, internals.applicationName()]).toEqual([false, true, 'contract']);
    expect(within).toMatch(/transaction/i);
    expect(round).toEqual(value);
    expect(JSON.parse(String(text))).toMatchObject({ json: { list: [1, null] }, __dbos_serializer: 'superjson' });
  });
});

describe('insertWorkflow', () => {
  it('inserts a row that this executor owns, in the transaction of the caller', async () => {
    await insert('inserted', async () => null);

    expect(await rowOf('inserted')).toMatchObject({
      status: 'PENDING',
      owner_xid: 'token of the start',
      executor_id: 'this executor',
      application_version: 'this version',
      queue_name: null,
    });
    expect(internals.isRunningHere('inserted')).toBe(false);
  });

  it('leaves nothing after a rollback', async () => {
    const row = { runId: 'rolled back', name: 'contract', args: [], priority: 0, ownerXid: 'token' };
    const attempt = knex.transaction(async (trx) => {
      await internals.insertWorkflow(await rawClient(trx), row);
      throw new Error('no');
    });

    await expect(attempt).rejects.toThrow('no');

    expect(await rowOf('rolled back')).toBeUndefined();
  });

  it('inserts what describeWorkflow tells', async () => {
    const wanted = {
      runId: 'described',
      name: 'contract',
      args: [{ greeting: 'hello' }],
      priority: 3,
      ownerXid: 'token',
    };

    const described = await internals.describeWorkflow(wanted);

    expect(await knex.transaction(async (trx) => await internals.insertWorkflow(await rawClient(trx), wanted))).toEqual(
      described,
    );
    expect((await internals.loadClaimed(['described'])).get('described')).toMatchObject({
      workflowName: described.workflowName,
      input: described.input,
      serialization: described.serialization,
      applicationVersion: described.applicationVersion,
      priority: 3,
    });
  });

  it('refuses an id that is taken', async () => {
    await insert('taken', async () => null);

    await expect(insert('taken', async () => null, 'token of another start')).rejects.toThrow(/taken/);
  });
});

describe('a workflow that was inserted', () => {
  it('runs here and now by executeInserted, with its input, under its token', async () => {
    const inserted = await insert('begun', async () => internals.currentOwnerXid('begun'));

    const ended = (await internals.executeInserted(inserted, 'token of the start')).ended();

    expect(await ended).toBe('token of the start');
    expect(await rowOf('begun')).toMatchObject({ status: 'SUCCESS' });
  });

  it('is read with its input by loadClaimed, which leaves out what is not there, and run by executeClaimed', async () => {
    await insert('claimed', async () => await step('done'), 'token of the claim');

    const loaded = await internals.loadClaimed(['claimed', 'missing']);
    await internals.executeClaimed(loaded.get('claimed')!, 'token of the claim');

    expect([...loaded.keys()]).toEqual(['claimed']);
    await until(async () => (await rowOf('claimed'))?.status === 'SUCCESS', { what: 'the claimed run to end' });
    expect(await stepsOf('claimed')).toEqual([[0, 'step']]);
  });

  it('records nothing under a token that does not own it', async () => {
    const inserted = await insert('not ours', async () => await step('done'), 'token of another');

    await internals.executeInserted(inserted, 'token that was lost');

    await until(() => !internals.isRunningHere('not ours'), { what: 'the execution to park' });
    expect(await stepsOf('not ours')).toEqual([]);
    expect(await rowOf('not ours')).toMatchObject({ status: 'PENDING', owner_xid: 'token of another' });
  });

  it('has an input of which inputProblem tells what is wrong', async () => {
    const claimed = await insert('input', async () => null);

    expect(await internals.inputProblem(claimed)).toBeUndefined();
    expect(await internals.inputProblem({ ...claimed, input: '{"cut short' })).toBeInstanceOf(Error);
    expect(await internals.inputProblem({ ...claimed, input: null })).toBeInstanceOf(Error);
  });
});

describe('a message', () => {
  const send = async (runId: string, key: string, value: string): Promise<void> =>
    await knex.transaction(async (trx) => {
      await internals.insertMessage(await rawClient(trx), { runId, topic: 'topic', value, key });
    });

  it('of insertMessage is received once for each key, and wakes whom onMessage subscribed', async () => {
    await insert('receiver', async () => {
      const receive = async () => await DBOS.recv('topic', { timeoutSeconds: 0 });
      return [await receive(), await receive()];
    });
    let woken = 0;
    let wokenAfterwards = 0;
    const unsubscribe = internals.onMessage('receiver', 'topic', () => woken++);
    internals.onMessage('receiver', 'topic', () => wokenAfterwards++);

    await send('receiver', 'key', 'hello');
    await until(() => woken === 1, { what: 'the wake', timeoutMs: 5_000 });
    unsubscribe();
    await send('receiver', 'key', 'hello');
    await send('elsewhere', 'key', 'hello').catch(() => undefined);

    const loaded = await internals.loadClaimed(['receiver']);
    const { ended } = await internals.executeInserted(loaded.get('receiver')!, 'token of the start');
    expect(await ended()).toEqual(['hello', null]);
    expect(woken).toBe(1);
    expect(wokenAfterwards).toBeGreaterThan(0);
  });

  it('is not there when its transaction rolls back', async () => {
    await insert('unsent', async () => await DBOS.recv('topic', { timeoutSeconds: 0 }));
    const attempt = knex.transaction(async (trx) => {
      await internals.insertMessage(await rawClient(trx), { runId: 'unsent', topic: 'topic', value: 1, key: 'key' });
      throw new Error('no');
    });

    await expect(attempt).rejects.toThrow('no');

    const loaded = await internals.loadClaimed(['unsent']);
    expect(await (await internals.executeInserted(loaded.get('unsent')!, 'token of the start')).ended()).toBeNull();
  });
});

describe('DBOSWorkflowConflictError', () => {
  it('thrown by a step is neither recorded for the step nor for the run, which is no longer running here', async () => {
    await start('conflict', async () => {
      await step(null, 'before');
      await DBOS.runStep(
        async () => {
          throw new DBOSWorkflowConflictError('conflict');
        },
        { name: 'leaving' },
      );
    });

    await until(() => !internals.isRunningHere('conflict'), { what: 'the execution to park' });
    expect(await stepsOf('conflict')).toEqual([[0, 'before']]);
    expect(await hasOutcome('conflict')).toBe(false);
    expect(await rowOf('conflict')).toMatchObject({ status: 'PENDING' });
  });

  it('lets the handle of the execution that left follow the outcome of the next one, as often as tuneParkedPolling says', async () => {
    internals.tuneParkedPolling(20);
    let executions = 0;
    const first = await start('handed over', async () => {
      if (++executions === 1) throw new DBOSWorkflowConflictError('handed over');
      return 'of the second';
    });
    await until(() => !internals.isRunningHere('handed over'), { what: 'the first execution to park' });
    const { owner_xid: ownerXid } = (await rowOf('handed over'))!;

    const loaded = await internals.loadClaimed(['handed over']);
    await internals.executeClaimed(loaded.get('handed over')!, ownerXid ?? '');
    await until(() => executions === 2, { what: 'the second execution' });

    // DBOS's own interval is a second.
    const askedAt = performance.now();
    expect(await first.getResult()).toBe('of the second');
    expect(performance.now() - askedAt).toBeLessThan(900);
    internals.tuneParkedPolling(1_000);
  });
});

describe('DBOSWorkflowCancelledError', () => {
  it('of the run itself, thrown in a transaction, is neither recorded for the step nor for the run', async () => {
    await start('cancelled', async () => {
      await asExecution(
        { isFirst: false, runId: 'cancelled', ownerXid: internals.currentOwnerXid('cancelled')! },
        async () => {
          await runTransaction(4_096, 'leaving', async () => {
            throw new DBOSWorkflowCancelledError('cancelled');
          });
        },
      );
    });

    await until(() => !internals.isRunningHere('cancelled'), { what: 'the execution to park' });
    expect(await stepsOf('cancelled')).toEqual([]);
    expect(await knex.withSchema('dbos').table('transaction_completion').where('workflow_id', 'cancelled')).toEqual([]);
    expect(await hasOutcome('cancelled')).toBe(false);
    expect(await rowOf('cancelled')).toMatchObject({ status: 'PENDING' });
  });

  it('thrown by a step is recorded by DBOS, which is why a step leaves with the other one', async () => {
    await start('cancelled step', async () => {
      await DBOS.runStep(
        async () => {
          throw new DBOSWorkflowCancelledError('cancelled step');
        },
        { name: 'leaving' },
      );
    });

    await until(() => !internals.isRunningHere('cancelled step'), { what: 'the execution to park' });
    expect(await stepsOf('cancelled step')).toEqual([[0, 'leaving']]);
  });
});

describe('the methods behind checkpoints', () => {
  it('are those that DBOS calls, in the order that replaceCheckpoints relies on', async () => {
    const calls: unknown[] = [];
    let given: internals.CheckpointDatabase | undefined;
    const before = internals.areCheckpointsReplaced();
    internals.replaceCheckpoints((stock, database) => {
      given = database;
      return {
        async initWorkflowStatus(...args) {
          calls.push(['initWorkflowStatus', args[0].status, typeof args[1]]);
          return await stock.initWorkflowStatus(...args);
        },
        async checkIfCanceled(...args) {
          // Of a step: DBOS has given it its id, and looks it up next.
          calls.push(['checkIfCanceled', internals.currentStepId()]);
          await stock.checkIfCanceled(...args);
        },
        async getOperationResultAndThrowIfCancelled(runId, id) {
          calls.push(['getOperationResult', id]);
          return await stock.getOperationResultAndThrowIfCancelled(runId, id);
        },
        async recordOperationResult(...args) {
          calls.push(['recordOperationResult', args[1], args[2], args[3]]);
          await stock.recordOperationResult(...args);
        },
        async recv(...args) {
          calls.push(['recv', ...args.slice(1)]);
          return await stock.recv(...args);
        },
        async recordWorkflowOutput(runId, status, ownerXid) {
          // Outside of the run's context by then.
          calls.push(['recordWorkflowOutput', status.output, typeof ownerXid]);
          return await stock.recordWorkflowOutput(runId, status, ownerXid);
        },
        async recordWorkflowError(...args) {
          calls.push(['recordWorkflowError']);
          return await stock.recordWorkflowError(...args);
        },
      };
    });

    await run('watched', async () => await internals.withStepIdsFrom(70, async () => await step('value')));
    const received = await run('watched recv', async () => await DBOS.recv('topic', { timeoutSeconds: 0 }));
    await expect(
      run('watched failure', async () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');

    expect([before, internals.areCheckpointsReplaced()]).toEqual([false, true]);
    const begun = ['initWorkflowStatus', 'PENDING', 'string'];
    expect(calls).toEqual([
      begun,
      ['checkIfCanceled', 70],
      ['getOperationResult', 70],
      ['recordOperationResult', 70, 'step', true],
      ['recordWorkflowOutput', '{"json":"value","__dbos_serializer":"superjson"}', 'string'],
      begun,
      ['recv', 0, 1, 'topic', 0, undefined],
      // The stock recv asks whatever stands in for the look-ups of steps.
      ['getOperationResult', 0],
      ['checkIfCanceled', 1],
      ['recordWorkflowOutput', '{"json":null,"__dbos_serializer":"superjson"}', 'string'],
      begun,
      ['recordWorkflowError'],
    ]);
    expect(received).toBeNull();
    expect(given).toEqual({ pool, application: 'contract' });
  });

  it('stop after the commit of a start where afterStartCommit stops', async () => {
    let stops = 0;
    setDebugTrigger(DEBUG_TRIGGER_INITWF_COMMIT, { callback: () => void stops++ });

    const before = await run('start committed', async () => stops);
    await internals.afterStartCommit();

    expect([before, stops]).toEqual([1, 2]);
  });

  it('stop after the commit of a step where afterStepCommit stops', async () => {
    const recordedAt: unknown[] = [];
    setDebugTrigger(DEBUG_TRIGGER_STEP_COMMIT, {
      asyncCallback: async () => void recordedAt.push(await stepsOf('committed')),
    });

    await run('committed', async () => await step('value'));
    await internals.afterStepCommit();

    expect(recordedAt).toEqual([[[0, 'step']], [[0, 'step']]]);
  });
});

describe('retries', () => {
  it('of withDbRetry go on through lost connections, at the pace of a configuration that is read at each call', async () => {
    internals.tuneRetries();
    expect(dbRetryConfig).toEqual({ initialBackoffSec: 0.25, maxBackoffSec: 5 });
    Object.assign(dbRetryConfig, { initialBackoffSec: 0.001, maxBackoffSec: 0.001 });
    let attempts = 0;
    const startedAt = performance.now();

    const value = await internals.withDbRetry(async () => {
      if (++attempts < 8) throw new LostConnectionError(Object.assign(new Error('read only'), { code: '25006' }));
      return 'through';
    });

    expect({ value, attempts }).toEqual({ value: 'through', attempts: 8 });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    internals.tuneRetries();
  });

  it('are for what retriablePostgresException says: connections and what we relabel, never a value that is refused', () => {
    const withCode = (code: string): Error => Object.assign(new Error('from the server'), { code });

    expect(internals.retriablePostgresException(withCode('ECONNRESET'))).toBe(true);
    expect(internals.retriablePostgresException(new LostConnectionError(withCode('25006')))).toBe(true);
    for (const code of ['22P02', '23505', '54000', '57014'])
      expect(internals.retriablePostgresException(withCode(code))).toBe(false);
  });
});

describe('createDbosSchema', () => {
  it('makes the tables in an empty database, and changes nothing the second time', async () => {
    const url = await createEmptyDatabase('internals');
    const emptyPool = createPool(url, { max: 2, name: 'test-empty' });
    const tables = async () =>
      (
        await emptyPool.query<{ name: string }>(
          `select table_name as name from information_schema.tables where table_schema = 'dbos' order by 1`,
        )
      ).rows.map(({ name }) => name);

    await internals.createDbosSchema(url, emptyPool);
    const first = await tables();
    await internals.createDbosSchema(url, emptyPool);

    expect(first).toEqual(
      expect.arrayContaining([
        'notifications',
        'operation_outputs',
        'workflow_input',
        'workflow_output',
        'workflow_status',
      ]),
    );
    expect(await tables()).toEqual(first);
    await emptyPool.end();
  });
});

// These take from DBOS what it needs to serve its queues: they come last.
describe('the runner of queues', () => {
  let rounds = 0;

  it('ends delays by a method of which keepDelaysToTheDatabase takes the effect', async () => {
    await insert('delayed', async () => null);
    await knex
      .withSchema('dbos')
      .table('workflow_status')
      .where('workflow_uuid', 'delayed')
      .update({ status: 'DELAYED', queue_name: 'nobody polls it', delay_until_epoch_ms: 1 });

    internals.keepDelaysToTheDatabase();
    await systemDatabase().transitionDelayedWorkflows();
    const kept = await rowOf('delayed');
    await SystemDatabase.prototype.transitionDelayedWorkflows.call(systemDatabase());

    expect(kept).toMatchObject({ status: 'DELAYED' });
    expect(await rowOf('delayed')).toMatchObject({ status: 'ENQUEUED' });
    systemDatabase().transitionDelayedWorkflows = async () => void rounds++;
    await until(() => rounds > 0, { what: 'the runner to call the method' });
  });

  it('stands still after stopClaiming, while what runs here goes on', async () => {
    const gate = Promise.withResolvers<void>();
    const handle = await start('goes on', async () => {
      await gate.promise;
      return await step('to its end');
    });

    await internals.stopClaiming();
    const roundsBefore = rounds;
    gate.resolve();

    expect(await handle.getResult()).toBe('to its end');
    expect(rounds).toBe(roundsBefore);
  });

  it('and everything else refuses in words that are told as this process going, once DBOS is shut down', async () => {
    const database = systemDatabase();
    await DBOS.shutdown();
    const ended = createPool('postgres://127.0.0.1:1/none', { max: 1, name: 'test-ended' });
    await ended.end();

    for (const refused of [database.checkIfCanceledLimited('context'), ended.query('select 1')])
      expect(classifyEscape(await refused.then(undefined, (error: unknown) => error))).toBe('shutdown');
  });
});
