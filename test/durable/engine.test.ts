// The durable room on a real Postgres: what is recorded, what gives a run back, what sets it aside, what takes it over.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  currentRun,
  loadRecord,
  openBranches,
  registerDurable,
  runStep,
  runTransaction,
  startInTransaction,
} from '../../src/durable/index.ts';
import { classifyEscape } from '../../src/durable/escape.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

/** How often each body ran, by run and step: what a checkpoint must keep from growing. */
const bodies = new Map<string, number>();
const count = (name: string): number => {
  const key = `${currentRun().runId} ${name}`;
  bodies.set(key, (bodies.get(key) ?? 0) + 1);
  return bodies.get(key)!;
};
const bodiesOf = (runId: string, name: string): number => bodies.get(`${runId} ${name}`) ?? 0;
/** How an execution left its body. */
const escapes = new Map<string, string>();
const gates = new Map<string, PromiseWithResolvers<void>>();
const gate = (name: string): PromiseWithResolvers<void> => {
  if (!gates.has(name)) gates.set(name, Promise.withResolvers<void>());
  return gates.get(name)!;
};

registerDurable('test.two-steps', async () => {
  const first = await runStep(4_096, 'first', async () => count('first'));
  await runStep(8_192, 'second', async () => first + count('second'));
});

registerDurable('test.infrastructure-once', async () => {
  await runStep(4_096, 'before', async () => count('before'));
  await runStep(8_192, 'fragile', async () => {
    if (count('fragile') === 1) throw Object.assign(new Error('read only'), { code: '25006' });
    return null;
  });
});

registerDurable('test.defect', async () => {
  await runStep(4_096, 'before', async () => count('before'));
  const missing = undefined as unknown as { name: string };
  await runStep(8_192, missing.name, async () => null);
});

registerDurable('test.transaction', async () => {
  const { runId } = currentRun();
  await runTransaction(4_096, 'insert', async (trx) => {
    count('insert');
    await trx.raw('insert into public.effect_log (run) values (?)', [runId]);
    return null;
  });
});

registerDurable('test.lost-in-transaction', async () => {
  const { runId } = currentRun();
  try {
    await runTransaction(4_096, 'insert', async (trx) => {
      await trx.raw('insert into public.effect_log (run) values (?)', [runId]);
      await execute(
        engine.url,
        `update dbos.workflow_status set status = 'ENQUEUED', queue_name = 'nobody polls it', owner_xid = null
          where workflow_uuid = '${runId}'`,
      );
      return null;
    });
  } catch (error) {
    escapes.set(runId, classifyEscape(error));
    throw error;
  }
});

registerDurable('test.quiesce', async () => {
  const branches = openBranches<string, null>();
  branches.start(
    'slow',
    async () =>
      await runStep(4_096, 'slow', async () => {
        count('slow');
        gate('slow started').resolve();
        await gate('slow may end').promise;
        return null;
      }),
  );
  if (bodiesOf(currentRun().runId, 'fragile') === 0) {
    branches.start(
      'fragile',
      async () =>
        await runStep(8_192, 'fragile', async () => {
          count('fragile');
          await gate('slow started').promise;
          throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
        }),
    );
  }
  while (branches.size > 0) await branches.next();
});

registerDurable('test.escape-beside-branches', async () => {
  const branches = openBranches<string, null>();
  branches.start(
    'beside',
    async () =>
      await runStep(4_096, 'beside', async () => {
        count('beside');
        gate('beside started').resolve();
        await gate('beside may end').promise;
        return null;
      }),
  );
  if (count('body') === 1) {
    await gate('beside started').promise;
    throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  }
  await branches.next();
});

registerDurable('test.wrong-order', async () => {
  const name = count('execution') === 1 ? 'one name' : 'another name';
  await runStep(4_096, name, async () => null);
  await runStep(8_192, 'fragile', async () => {
    if (count('fragile') === 1) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    return null;
  });
});

registerDurable('test.record', async () => {
  await runStep(4_096, 'kept', async () => ({ n: 1, list: ['a'] }));
  const record = await loadRecord(engine.knex);
  await runStep(8_192, 'seen', async () => record.read(4_096) ?? null);
});

registerDurable('test.parked', async () => {
  await gate('parked').promise;
});

let engine: TestEngine;
beforeAll(async () => {
  engine = await openEngine();
  await execute(engine.url, 'create table public.effect_log (run text)');
});
afterAll(async () => {
  for (const each of gates.values()) each.resolve();
  await engine.stop();
});

const success = async (runId: string): Promise<void> => {
  await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: `${runId} to succeed` });
};

describe('runStep', () => {
  it('runs each body once and records its value', async () => {
    const runId = await engine.start('test.two-steps');

    await success(runId);

    const rows = await engine.knex
      .withSchema('dbos')
      .table('operation_outputs')
      .where('workflow_uuid', runId)
      .orderBy('function_id')
      .select<{ function_id: number; function_name: string }[]>('function_id', 'function_name');
    expect(rows.map((row) => [row.function_id, row.function_name])).toEqual([
      [4_096, 'first'],
      [8_192, 'second'],
    ]);
    expect(bodiesOf(runId, 'first')).toBe(1);
  });

  it('shows a later step what an earlier one recorded', async () => {
    const runId = await engine.start('test.record');

    await success(runId);

    const row = await engine.knex
      .withSchema('dbos')
      .table('operation_outputs')
      .first<{ output: string } | undefined>('output')
      .where({ workflow_uuid: runId, function_id: 8_192 });
    expect(JSON.parse(row?.output ?? '')).toMatchObject({ json: { n: 1, list: ['a'] } });
  });
});

describe('an infrastructure error inside a step', () => {
  it('gives the run back, repeats only what was not recorded, and never becomes an outcome', async () => {
    const runId = await engine.start('test.infrastructure-once');

    await success(runId);

    expect(bodiesOf(runId, 'before')).toBe(1);
    expect(bodiesOf(runId, 'fragile')).toBe(2);
    expect(
      engine.events.some(
        (event) =>
          event.name === 'durable.left' && event.fields.run === runId && event.fields.class === 'infrastructure',
      ),
    ).toBe(true);
  });

  it('waits for the other branches before the run goes back', async () => {
    const runId = await engine.start('test.quiesce');
    await gate('slow started').promise;
    await until(() => bodiesOf(runId, 'fragile') === 1, { what: 'the failing branch' });
    const whileSlow = await engine.workflowRow(runId);
    gate('slow may end').resolve();

    await success(runId);

    expect(whileSlow.status).toBe('PENDING');
    expect(bodiesOf(runId, 'slow')).toBe(1);
  });

  it('waits for the branches also when it comes from beside them', async () => {
    const runId = await engine.start('test.escape-beside-branches');
    await gate('beside started').promise;
    await until(() => bodiesOf(runId, 'body') === 1, { what: 'the failing body' });
    // The give-back has had its time when a run that started later has come to its end.
    await success(await engine.start('test.two-steps'));
    const whileSlow = await engine.workflowRow(runId);
    gate('beside may end').resolve();

    await success(runId);

    expect(whileSlow.status).toBe('PENDING');
    expect(bodiesOf(runId, 'beside')).toBe(1);
  });
});

describe('a defect', () => {
  it('sets the run aside once, with its error, and nobody runs it again', async () => {
    const runId = await engine.start('test.defect');

    // What was told of it is in the transaction that sets it aside, which is not committed yet.
    await until(async () => (await engine.workflowRow(runId)).status !== 'PENDING', { what: 'the run to be stuck' });

    const row = await engine.workflowRow(runId);
    expect(row).toMatchObject({ status: 'ENQUEUED', queue_name: 'breakwater_stuck', owner_xid: null, error: null });
    expect(engine.stuck.find((each) => each.runId === runId)?.error).toBeInstanceOf(TypeError);
    expect(bodiesOf(runId, 'before')).toBe(1);
  });

  it('is what a step order that changed under a run is', async () => {
    const runId = await engine.start('test.wrong-order');

    await until(() => engine.stuck.some((each) => each.runId === runId), { what: 'the run to be stuck' });

    expect(String(engine.stuck.find((each) => each.runId === runId)?.error)).toMatch(/another name/);
  });
});

describe('runTransaction', () => {
  it('commits its work and the proof of it together', async () => {
    const runId = await engine.start('test.transaction');

    await success(runId);

    const { rows } = await execute(
      engine.url,
      `select count(*)::int as n from public.effect_log where run = '${runId}'`,
    );
    expect(rows).toEqual([{ n: 1 }]);
    expect(bodiesOf(runId, 'insert')).toBe(1);
  });
});

describe('runTransaction of an execution that has lost its run meanwhile', () => {
  it('commits nothing', async () => {
    const runId = await engine.start('test.lost-in-transaction');

    await until(() => escapes.has(runId), { what: 'the execution to leave' });

    expect(escapes.get(runId)).toBe('ownership');
    const { rows } = await execute(engine.url, `select 1 from public.effect_log where run = '${runId}'`);
    expect(rows).toEqual([]);
  });
});

describe('startInTransaction', () => {
  it('leaves nothing when its transaction rolls back', async () => {
    const attempt = engine.knex.transaction(async (trx) => {
      await startInTransaction(trx, { runId: 'run_rolled_back', name: 'test.two-steps', input: null });
      throw new Error('no');
    });

    await expect(attempt).rejects.toThrow('no');

    expect(await engine.workflowRow('run_rolled_back')).toBeUndefined();
  });
});

/** A workflow row that is committed and that nobody runs, changed as the case wants it. */
async function insertWithoutRunning(runId: string, change: Record<string, unknown>): Promise<string> {
  await engine.knex.transaction(async (trx) => {
    await startInTransaction(trx, { runId, name: 'test.two-steps', input: null });
    await trx.withSchema('dbos').table('workflow_status').where('workflow_uuid', runId).update(change);
  });
  return runId;
}

describe('the sweep', () => {
  it('takes over a run whose executor holds no lease', async () => {
    const runId = await insertWithoutRunning('run_orphan', { executor_id: 'dead' });

    await success(runId);

    expect(bodiesOf(runId, 'first')).toBe(1);
  });
});

describe('the audit', () => {
  it('frees a run that this process owns but does not run', async () => {
    const runId = await insertWithoutRunning('run_lost_claim', { updated_at: Date.now() - 60_000 });

    await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', {
      what: 'the lost claim to run',
      timeoutMs: 15_000,
    });

    expect(engine.events.some((event) => event.name === 'audit.freed' && event.fields.run === runId)).toBe(true);
  });
});

describe('the lease', () => {
  it('is lost for good when its row is gone: the process must go', async () => {
    const other = createKnex(engine.url, { max: 1, name: 'test-thief' });
    await other.withSchema('breakwater').table('executor').where('id', engine.durable.executorId).delete();
    await other.destroy();

    await until(() => engine.fatal.length > 0, { what: 'the loss to be noticed' });

    expect(engine.fatal[0]).toMatch(/lost its lease/);
  });
});
