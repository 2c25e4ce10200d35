// Durable transactions on DBOS's own path, which proves them by a row of a data source: where group checkpoints are off.
import SuperJSON from 'superjson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifyEscape } from '../../src/durable/escape.ts';
import { currentRun, registerDurable, runStep, runTransaction } from '../../src/durable/index.ts';
import { execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

let engine: TestEngine;
let bodies = 0;
const escapes = new Map<string, unknown>();

/** As another execution commits it, of this run's first transaction. */
const commitElsewhere = async (runId: string): Promise<void> => {
  const output = SuperJSON.stringify('of another execution');
  await execute(
    engine.url,
    `insert into dbos.transaction_completion (workflow_id, function_num, output) values ('${runId}', 4096, '${output}')`,
  );
};

registerDurable('source.overtaken', async () => {
  const { runId } = currentRun();
  const value = await runTransaction(4_096, 'insert', async (trx) => {
    bodies++;
    await trx.raw('insert into public.effect_log (run) values (?)', [runId]);
    if (runId === 'run_overtaken') await commitElsewhere(runId);
    return 'of this execution';
  });
  await runStep(8_192, `knows the value ${value}`, async () => null);
});

registerDurable('source.lost', async () => {
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

registerDurable('source.keeps', async () => {
  const { runId } = currentRun();
  await runTransaction(4_096, 'insert', async (trx) => {
    bodies++;
    await trx.raw('insert into public.effect_log (run) values (?)', [runId]);
    if (bodies === 1) void takeOver(runId);
    return null;
  });
});

let takenOver: Promise<unknown> = Promise.resolve();

/** Somebody is about to change the row, and then does not. */
async function takeOver(runId: string): Promise<void> {
  takenOver = execute(
    engine.url,
    `begin; select 1 from dbos.workflow_status where workflow_uuid = '${runId}' for update; select pg_sleep(0.2); rollback`,
  );
  await takenOver;
}

beforeAll(async () => {
  engine = await openEngine({ groupCheckpoints: false });
  await execute(engine.url, 'create table public.effect_log (run text)');
});
afterAll(async () => await engine.stop());

const success = async (runId: string): Promise<unknown> =>
  await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: `${runId} to succeed` });
const effectsOf = async (runId: string): Promise<number> =>
  (await execute(engine.url, `select 1 from public.effect_log where run = '${runId}'`)).rows.length;

describe('a transaction whose work another execution committed', () => {
  const outcomeOf = async (runId: string) => {
    bodies = 0;
    await engine.start('source.overtaken', null, runId);
    await success(runId);
    const steps = await execute(
      engine.url,
      `select function_name as name from dbos.operation_outputs where workflow_uuid = '${runId}' order by function_id`,
    );
    return { effects: await effectsOf(runId), bodies, last: steps.rows.at(-1)?.['name'] };
  };
  const last = 'knows the value of another execution';

  it('before does not begin, and answers what that one did', async () => {
    await commitElsewhere('run_earlier');

    expect(await outcomeOf('run_earlier')).toEqual({ effects: 0, bodies: 0, last });
  });

  it('meanwhile takes back its own, and answers what that one did', async () => {
    expect(await outcomeOf('run_overtaken')).toEqual({ effects: 0, bodies: 1, last });
  });
});

describe('a transaction of an execution that has lost its run meanwhile', () => {
  it('commits nothing', async () => {
    const runId = await engine.start('source.lost');

    await until(() => escapes.has(runId), { what: 'the execution to leave' });

    expect([escapes.get(runId), await effectsOf(runId)]).toEqual(['ownership', 0]);
  });
});

describe('a transaction whose run somebody is about to take over', () => {
  it('is tried again until that is decided', async () => {
    bodies = 0;

    const runId = await engine.start('source.keeps');
    await success(runId);
    await takenOver;

    expect(await effectsOf(runId)).toBe(1);
  });
});
