// Transactions that record their own step: the work commits with the record or not at all, and asks nothing that cannot be there.
import { DEBUG_TRIGGER_STEP_COMMIT, clearDebugTriggers, setDebugTrigger } from '@dbos-inc/dbos-sdk/internal/debugpoint';
import SuperJSON from 'superjson';
import type { Knex } from 'knex';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentRun, registerDurable, runStep, runTransaction } from '../../src/durable/index.ts';
import { execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

let engine: TestEngine;
/** What happens inside the transaction of a run, by attempt. */
const acts = new Map<string, (attempt: number) => Promise<unknown>>();
const bodies = new Map<string, number>();
let sent: { readonly client: pg.Client; readonly text: string }[] = [];
const { query } = pg.Client.prototype;

async function work(trx: Knex.Transaction): Promise<string> {
  const { runId } = currentRun();
  const attempt = (bodies.get(runId) ?? 0) + 1;
  bodies.set(runId, attempt);
  await trx.raw('insert into public.effect_log (run) values (?)', [runId]);
  await acts.get(runId)?.(attempt);
  return `of attempt ${attempt}`;
}

registerDurable('recorded.once', async () => {
  const value = await runTransaction(4_096, 'work', work);
  await runStep(8_192, `knows the value ${value}`, async () => null);
});

registerDurable('recorded.twice', async () => {
  const value = await runTransaction(4_096, 'work', work);
  if (currentRun().isFirst) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  await runStep(8_192, `knows the value ${value}`, async () => null);
});

registerDurable('recorded.late', async () => {
  if (currentRun().isFirst) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  const value = await runTransaction(4_096, 'work', work);
  await runStep(8_192, `knows the value ${value}`, async () => null);
});

beforeAll(async () => {
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...args: unknown[]): unknown {
      sent.push({ client: this, text: JSON.stringify(args[0]) });
      return Reflect.apply(query, this, args);
    },
  });
  engine = await openEngine({ groupCheckpoints: true });
  await execute(engine.url, 'create table public.effect_log (run text)');
});
afterAll(async () => {
  Object.assign(pg.Client.prototype, { query });
  await engine.stop();
});

async function outcomeOf(workflow: string, runId: string) {
  await engine.start(workflow, null, runId);
  await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: `${runId} to succeed` });
  const effects = await execute(engine.url, `select 1 from public.effect_log where run = '${runId}'`);
  const steps = await execute(
    engine.url,
    `select function_name as name from dbos.operation_outputs where workflow_uuid = '${runId}' order by function_id`,
  );
  return {
    effects: effects.rows.length,
    bodies: bodies.get(runId) ?? 0,
    steps: steps.rows.map(({ name }) => name),
  };
}

const once = { effects: 1, bodies: 1, steps: ['work', 'knows the value of attempt 1'] };

describe('a transaction', () => {
  it('is three statements around its work, and none of them is about completions', async () => {
    sent = [];

    expect(await outcomeOf('recorded.once', 'run_counted')).toEqual(once);

    const worked = sent.findIndex(({ text }) => text.includes('effect_log'));
    const own = sent.slice(worked - 20).filter(({ client }) => client === sent[worked]?.client);
    const kinds = own.map(({ text }) => /begin|effect_log|record\.once|commit/i.exec(text)?.[0].toLowerCase());
    expect(kinds.slice(kinds.indexOf('effect_log') - 1).slice(0, 4)).toEqual([
      'begin',
      'effect_log',
      'record.once',
      'commit',
    ]);
    expect(sent.filter(({ text }) => text.includes('transaction_completion'))).toEqual([]);
  });

  it('is replayed by the next execution, not repeated', async () => {
    expect(await outcomeOf('recorded.twice', 'run_replayed')).toEqual(once);
  });

  it('is not repeated when the answer of its commit was lost', async () => {
    let lost = 0;
    setDebugTrigger(DEBUG_TRIGGER_STEP_COMMIT, {
      callback: () => {
        if (lost++ === 0) throw Object.assign(new Error('cut after the commit'), { code: 'ECONNRESET' });
      },
    });

    const outcome = await outcomeOf('recorded.once', 'run_unanswered');
    clearDebugTriggers();

    expect(lost).toBeGreaterThan(0);
    expect(outcome).toEqual(once);
  });

  it('waits for nobody who is about to change the row of its run, and does its work once', async () => {
    let rival: Promise<unknown> = Promise.resolve();
    acts.set('run_contested', async (attempt) => {
      if (attempt > 1) return;
      const client = new pg.Client({ connectionString: engine.url });
      await client.connect();
      await client.query(`begin; select 1 from dbos.workflow_status where workflow_uuid = 'run_contested' for update`);
      const letGo = async (): Promise<void> => {
        await until(() => (bodies.get('run_contested') ?? 0) > 1, { what: 'a second attempt' });
        await client.query('rollback');
        await client.end();
      };
      rival = letGo();
    });

    const { effects } = await outcomeOf('recorded.once', 'run_contested');
    await rival;

    expect(effects).toBe(1);
    expect(bodies.get('run_contested')).toBeGreaterThan(1);
  });

  it('leaves nothing of a run that was cancelled in DBOS meanwhile', async () => {
    acts.set('run_cancelled', async () => {
      await execute(
        engine.url,
        `update dbos.workflow_status set status = 'CANCELLED' where workflow_uuid = 'run_cancelled'`,
      );
    });
    await engine.start('recorded.once', null, 'run_cancelled');
    await until(() => engine.durable.running === 0 && bodies.has('run_cancelled'), { what: 'the execution to park' });

    const { rows } = await execute(engine.url, `select 1 from public.effect_log where run = 'run_cancelled'`);
    expect(rows).toEqual([]);
  });

  it('answers what an execution on the other path committed and did not record', async () => {
    const output = SuperJSON.stringify('of another execution').replaceAll("'", "''");
    await execute(
      engine.url,
      `insert into dbos.transaction_completion (workflow_id, function_num, output) values ('run_completed', 4096, '${output}')`,
    );

    expect(await outcomeOf('recorded.late', 'run_completed')).toEqual({
      effects: 0,
      bodies: 0,
      steps: ['work', 'knows the value of another execution'],
    });
  });
});
