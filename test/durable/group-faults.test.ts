// Groups under faults: whatever befalls one item of a group, its neighbours get what is theirs. Rows and errors are DBOS's own.
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { runWithParentContext } from '@dbos-inc/dbos-sdk/internal/context';
import { DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk/internal/error';
import { DEBUG_TRIGGER_STEP_COMMIT, clearDebugTriggers, setDebugTrigger } from '@dbos-inc/dbos-sdk/internal/debugpoint';
import type { SystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

let url: string;
let engine: TestEngine;

beforeAll(async () => {
  url = await createTestDatabase('group_faults');
  // A session looks for a deadlock once, this long after it began to wait: time for the test to complete the circle.
  await execute(url, `alter database ${new URL(url).pathname.slice(1)} set deadlock_timeout = '3s'`);
  engine = await openEngine({ url, groupCheckpoints: true });
});
afterEach(() => clearDebugTriggers());
afterAll(async () => await engine.stop());

interface Owned {
  readonly runId: string;
  readonly token: string;
}

let serial = 0;

/** Runs that nobody executes and no loop of ours looks after: `count` rows as a start leaves them. */
async function ownedRuns(count: number): Promise<Owned[]> {
  const runs = Array.from({ length: count }, () => ({ runId: `run_${serial}`, token: `token_${serial++}` }));
  await engine.knex('dbos.workflow_status').insert(
    runs.map(({ runId, token }) => ({
      workflow_uuid: runId,
      status: 'PENDING',
      name: 'nobody',
      executor_id: 'nobody',
      application_name: 'nobody',
      owner_xid: token,
      creator_xid: token,
    })),
  );
  return runs;
}

async function as<T>({ runId, token }: Owned, body: () => Promise<T>): Promise<T> {
  return await runWithParentContext(undefined, { workflowId: runId, ownerXid: token }, body);
}

interface Recording {
  readonly step?: number;
  readonly output?: string;
  readonly completedAt?: number;
}

async function record(run: Owned, { step = 1, output = '1', completedAt = 1_000 }: Recording = {}): Promise<void> {
  const { systemDatabase } = DBOSExecutor.globalInstance!;
  await as(run, async () =>
    systemDatabase.recordOperationResult(run.runId, step, 'step', true, 500, completedAt, { output }),
  );
}

async function recordedOf(runs: readonly Owned[]): Promise<{ run: string; output: string }[]> {
  return await engine
    .knex('dbos.operation_outputs')
    .select({ run: 'workflow_uuid', output: 'output' })
    .whereIn(
      'workflow_uuid',
      runs.map(({ runId }) => runId),
    )
    .orderByRaw('length(workflow_uuid), workflow_uuid, function_id');
}

const groupSizes = () =>
  engine.events.flatMap(({ name, fields }) =>
    name === 'durable.group' && fields['kind'] === 'record' ? [Number(fields['size'])] : [],
  );

/** A session of somebody else, in a transaction. */
async function intruder(...statements: string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  for (const statement of statements) await client.query(statement);
  return client;
}

const lockOf = ({ runId }: Owned) => `select 1 from dbos.workflow_status where workflow_uuid = '${runId}' for update`;
const recordOf = ({ runId }: Owned) =>
  `insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, completed_at_epoch_ms) values ('${runId}', 1, 'step', 7)`;

async function end(client: pg.Client, how: 'commit' | 'rollback'): Promise<void> {
  await client.query(how);
  await client.end();
}

describe('a group of records', () => {
  it('is one statement, and what it writes is there when it answers', async () => {
    const runs = await ownedRuns(10);

    await Promise.all(runs.map(async (run) => await record(run)));

    expect(groupSizes().at(-1)).toBe(10);
    expect(await recordedOf(runs)).toEqual(runs.map(({ runId }) => ({ run: runId, output: '1' })));
  });

  it('tells a lost owner, and records the others', async () => {
    const runs = await ownedRuns(5);
    const [lost, ...others] = runs as [Owned, ...Owned[]];
    await engine.knex('dbos.workflow_status').update({ owner_xid: 'another' }).where({ workflow_uuid: lost.runId });

    const [refused, ...recorded] = await Promise.allSettled(runs.map(async (run) => await record(run)));

    expect(groupSizes().at(-1)).toBe(5);
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(DBOSWorkflowConflictError) as unknown });
    expect(recorded.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect((await recordedOf(runs)).map(({ run }) => run)).toEqual(others.map(({ runId }) => runId));
  });

  it('tells a second result of one step, in the same group and after it', async () => {
    const [run] = (await ownedRuns(1)) as [Owned];

    const twins = await Promise.allSettled([
      record(run, { output: 'first', completedAt: 1_000 }),
      record(run, { output: 'second', completedAt: 1_001 }),
    ]);
    const late = await Promise.allSettled([record(run, { output: 'third', completedAt: 1_002 })]);

    const nondeterminism = { status: 'rejected', reason: { name: 'DBOSStepNondeterminismError' } };
    expect([...twins, ...late]).toMatchObject([{ status: 'fulfilled' }, nondeterminism, nondeterminism]);
    expect(await recordedOf([run])).toEqual([{ run: run.runId, output: 'first' }]);
  });

  it('finds the one text that Postgres cannot hold', async () => {
    const runs = await ownedRuns(9);

    const results = await Promise.allSettled(
      runs.map(async (run, at) => await record(run, { output: at === 4 ? 'NUL \0' : 'fine' })),
    );

    expect(results.map(({ status }) => status)).toEqual(runs.map((_, at) => (at === 4 ? 'rejected' : 'fulfilled')));
    expect(results[4]).toMatchObject({ reason: { code: '22021' } });
    expect(await recordedOf(runs)).toHaveLength(8);
  });

  it('does not wait for a row that somebody changes', async () => {
    const runs = await ownedRuns(6);
    const [locked, ...others] = runs as [Owned, ...Owned[]];
    const changing = await intruder(lockOf(locked));
    const earlier = groupSizes().length;

    const waits = record(locked).then(() => 'released');
    await Promise.all(others.map(async (run) => await record(run)));

    // One group, not one that was given up for its silence and repeated.
    expect(groupSizes().slice(earlier)).toEqual([6]);
    expect(await recordedOf(runs)).toHaveLength(5);
    await end(changing, 'rollback');
    expect(await waits).toBe('released');
    expect(await recordedOf(runs)).toHaveLength(6);
  });

  it('tells a lost owner of a row that was being handed over', async () => {
    const [run, other] = (await ownedRuns(2)) as [Owned, Owned];
    const handingOver = await intruder(
      `update dbos.workflow_status set owner_xid = 'another' where workflow_uuid = '${run.runId}'`,
    );

    const refused = Promise.allSettled([record(run)]);
    await record(other);
    await end(handingOver, 'commit');

    expect(await refused).toMatchObject([{ reason: expect.any(DBOSWorkflowConflictError) as unknown }]);
    expect(await recordedOf([run])).toEqual([]);
  });

  it('is repeated as a whole after a deadlock', async () => {
    const runs = await ownedRuns(4);
    const [contested, ...others] = runs as [Owned, ...Owned[]];
    // Holds the step's key that the group wants, then wants a row that the group holds; the first to look for a deadlock is its victim.
    const rival = await intruder(`set local deadlock_timeout = '60s'`, recordOf(contested));

    const recorded = Promise.allSettled(runs.map(async (run) => await record(run)));
    await waiter();
    await rival.query(lockOf(others[0]!));
    await end(rival, 'rollback');

    expect((await recorded).map(({ status }) => status)).toEqual(runs.map(() => 'fulfilled'));
    expect(await recordedOf(runs)).toHaveLength(4);
    expect(engine.events).toContainEqual(
      expect.objectContaining({ fields: { message: expect.stringContaining('deadlock detected') as unknown } }),
    );
  });

  it('gives a statement timeout to the item that waits, not to its neighbours', async () => {
    const runs = await ownedRuns(4);
    const [contested] = runs as [Owned, ...Owned[]];
    const rival = await intruder(recordOf(contested));
    const results = Promise.allSettled(runs.map(async (run) => await record(run)));

    // As a statement_timeout would: first the group, then the item alone.
    await cancelWaiter('with item');
    await cancelWaiter('INSERT INTO');

    expect(await results).toMatchObject([
      { status: 'rejected', reason: { code: '57014' } },
      ...runs.slice(1).map(() => ({ status: 'fulfilled' })),
    ]);
    await end(rival, 'rollback');
    expect(await recordedOf(runs)).toHaveLength(3);
  });

  it('knows its own rows again when the answer of their commit was lost', async () => {
    const runs = await ownedRuns(5);
    let lost = 0;
    setDebugTrigger(DEBUG_TRIGGER_STEP_COMMIT, {
      callback: () => {
        if (lost++ < runs.length) throw Object.assign(new Error('cut after the commit'), { code: 'ECONNRESET' });
      },
    });

    await Promise.all(runs.map(async (run) => await record(run)));

    expect(lost).toBe(10);
    expect(await recordedOf(runs)).toHaveLength(5);
  });

  it('is repeated when its connection is cut under way', async () => {
    const runs = await ownedRuns(3);
    const rival = await intruder(recordOf(runs[0]!));

    const recorded = Promise.all(runs.map(async (run) => await record(run)));
    await execute(url, `select pg_terminate_backend(${await waiter()})`);
    await end(rival, 'rollback');

    await recorded;
    expect(await recordedOf(runs)).toHaveLength(3);
  });
});

describe('a group of takes', () => {
  const send = async ({ runId }: Owned, topic: string, message: string, at = 1): Promise<void> =>
    await engine.knex('dbos.notifications').insert({
      destination_uuid: runId,
      topic,
      message,
      created_at_epoch_ms: at,
      message_uuid: `${runId} ${message}`,
    });
  const take = async (run: Owned, step = 1, topic = 'topic'): Promise<string | null> =>
    await as(run, async () => {
      const { systemDatabase } = DBOSExecutor.globalInstance!;
      return (await systemDatabase.recv(run.runId, step, step + 1, topic, 0)).serializedValue;
    });
  const messagesOf = async ({ runId }: Owned): Promise<unknown[]> => {
    const rows = await engine
      .knex('dbos.notifications')
      .select<{ message: string; by: number | null }[]>('message', { by: 'consumed_by_function_id' })
      .where('destination_uuid', runId)
      .orderBy('message');
    return rows.map(({ message, by }) => [message, by]);
  };
  const takes = () =>
    engine.events.flatMap(({ name, fields }) =>
      name === 'durable.group' && fields['kind'] === 'take' ? [Number(fields['size'])] : [],
    );

  it('takes the oldest message of each, and records it or that there was none', async () => {
    const runs = await ownedRuns(4);
    const [first, second, other] = runs as [Owned, Owned, Owned];
    await Promise.all([send(first, 'topic', 'b', 1), send(first, 'topic', 'a', 2), send(second, 'topic', 'c')]);
    await send(other, 'another topic', 'd');

    const taken = await Promise.all(runs.map(async (run) => await take(run)));

    expect(takes().at(-1)).toBe(4);
    expect(taken).toEqual(['b', 'c', null, null]);
    expect((await recordedOf(runs)).map(({ output }) => output)).toEqual(['b', 'c', null, null]);
    expect([await messagesOf(first), await messagesOf(other)]).toEqual([
      [
        ['a', null],
        ['b', 1],
      ],
      [['d', null]],
    ]);
  });

  it('answers a step that is recorded with what it took', async () => {
    const [run] = (await ownedRuns(1)) as [Owned];
    await Promise.all([send(run, 'topic', 'a', 1), send(run, 'topic', 'b', 2)]);

    expect([await take(run), await take(run)]).toEqual(['a', 'a']);
    expect(await messagesOf(run)).toEqual([
      ['a', 1],
      ['b', null],
    ]);
  });

  it('gives two steps that take from one topic at once a message each', async () => {
    const [run] = (await ownedRuns(1)) as [Owned];
    await Promise.all([send(run, 'topic', 'a', 1), send(run, 'topic', 'b', 2)]);

    expect(await Promise.all([take(run, 1), take(run, 3)])).toEqual(['a', 'b']);
  });

  it('takes nothing for a lost owner', async () => {
    const [lost, other] = (await ownedRuns(2)) as [Owned, Owned];
    await Promise.all([send(lost, 'topic', 'a'), send(other, 'topic', 'b')]);
    await engine.knex('dbos.workflow_status').update({ owner_xid: 'another' }).where({ workflow_uuid: lost.runId });

    const taken = await Promise.allSettled([take(lost), take(other)]);

    expect(taken).toMatchObject([{ reason: expect.any(DBOSWorkflowConflictError) as unknown }, { value: 'b' }]);
    expect(await messagesOf(lost)).toEqual([['a', null]]);
  });

  it('consumes nothing beside a step that somebody records meanwhile', async () => {
    const runs = await ownedRuns(2);
    const [contested, other] = runs as [Owned, Owned];
    await Promise.all(runs.map(async (run) => await send(run, 'topic', 'a')));
    const rival = await intruder(recordOf(contested));

    const taken = Promise.allSettled([take(contested), take(other)]);
    await waiter();
    await end(rival, 'commit');

    expect(await taken).toMatchObject([{ reason: { expectedName: 'DBOS.recv' } }, { value: 'a' }]);
    expect([await messagesOf(contested), await messagesOf(other)]).toEqual([[['a', null]], [['a', 1]]]);
  });

  it('takes no second message when the answer of its commit was lost', async () => {
    const [run] = (await ownedRuns(1)) as [Owned];
    await Promise.all([send(run, 'topic', 'a', 1), send(run, 'topic', 'b', 2)]);
    const { query } = engine.pool;
    const isTake = (text: unknown): boolean => JSON.stringify(text).includes('breakwater.take');
    const losing = async (...args: unknown[]): Promise<unknown> => {
      const answer: unknown = await Reflect.apply(query, engine.pool, args);
      if (!isTake(args[0])) return answer;
      Object.assign(engine.pool, { query });
      throw Object.assign(new Error('cut after the commit'), { code: 'ECONNRESET' });
    };
    Object.assign(engine.pool, { query: losing });

    expect(await take(run)).toBe('a');
    expect(engine.pool.query).toBe(query);
    expect(await messagesOf(run)).toEqual([
      ['a', 1],
      ['b', null],
    ]);
  });
});

describe('a group of starts', () => {
  const begin = async (runId: string, token: string, input = '{"json":[]}') =>
    await DBOSExecutor.globalInstance!.systemDatabase.initWorkflowStatus(
      {
        workflowUUID: runId,
        status: 'PENDING',
        workflowName: 'nobody',
        workflowClassName: '',
        workflowConfigName: '',
        output: null,
        error: null,
        input,
        serialization: null,
        authenticatedUser: '',
        assumedRole: '',
        authenticatedRoles: [],
        executorId: 'nobody',
        applicationID: '',
        applicationName: 'nobody',
        priority: 0,
      },
      token,
    );

  it('tells who started first, and finds the input that Postgres cannot hold', async () => {
    await begin('started', 'first');

    const results = await Promise.allSettled([
      begin('another', 'own'),
      begin('started', 'second'),
      begin('started', 'first'),
      begin('unstorable', 'own', '"\0"'),
    ]);

    expect(results).toMatchObject([
      { value: { status: 'PENDING', shouldExecuteOnThisExecutor: true } },
      { value: { status: 'PENDING', shouldExecuteOnThisExecutor: false } },
      { value: { status: 'PENDING', shouldExecuteOnThisExecutor: true } },
      { reason: { code: '22021' } },
    ]);
    const rows = await engine.knex('dbos.workflow_status').whereIn('workflow_uuid', ['started', 'unstorable']);
    expect(rows).toMatchObject([{ workflow_uuid: 'started', owner_xid: 'first', creator_xid: 'first' }]);
  });

  it('is repeated as a whole after a deadlock', async () => {
    const rowOf = (runId: string) =>
      `insert into dbos.workflow_status (workflow_uuid, status, name, application_name) values ('${runId}', 'PENDING', 'rival', 'nobody')`;
    // The statement inserts in the order of ids: it has the first row when it waits for the second.
    const rival = await intruder(`set local deadlock_timeout = '60s'`, rowOf('deadlock_2'));

    const results = Promise.allSettled(['deadlock_1', 'deadlock_2'].map(async (runId) => await begin(runId, 'own')));
    await waiter('with item');
    await rival.query(rowOf('deadlock_1'));
    await end(rival, 'rollback');

    const started = { status: 'fulfilled', value: { shouldExecuteOnThisExecutor: true } };
    expect(await results).toMatchObject([started, started]);
  });
});

describe('a group of outcomes', () => {
  const finish = async ({ runId, token }: Owned, output = 'done') =>
    await DBOSExecutor.globalInstance!.systemDatabase.recordWorkflowOutput(
      runId,
      { output } as Parameters<SystemDatabase['recordWorkflowOutput']>[1],
      token,
    );
  const finishAll = async (runs: readonly Owned[]) =>
    await Promise.allSettled(runs.map(async (run) => await finish(run)));
  const outputsOf = async (runs: readonly Owned[]): Promise<(string | null)[]> => {
    const { rows } = await execute(
      url,
      `select o.output from dbos.workflow_status w left join dbos.workflow_output o using (workflow_uuid)
        where w.workflow_uuid = any('{${runs.map(({ runId }) => runId).join(',')}}') and (w.status = 'SUCCESS') = (o.output is not null)
        order by length(workflow_uuid), workflow_uuid`,
    );
    return rows.map(({ output }) => output as string | null);
  };
  const outputOf = ({ runId }: Owned) =>
    `insert into dbos.workflow_output (workflow_uuid, output) values ('${runId}', 'of a rival')`;
  const ENDED = { status: 'fulfilled', value: true };

  it('ends the runs that are still ours, and no other', async () => {
    const runs = await ownedRuns(4);
    const [lost, cancelled, ...ours] = runs as [Owned, Owned, ...Owned[]];
    await engine.knex('dbos.workflow_status').update({ owner_xid: 'another' }).where({ workflow_uuid: lost.runId });
    await DBOSExecutor.globalInstance!.systemDatabase.cancelWorkflows([cancelled.runId]);

    expect(await Promise.all(runs.map(async (run) => await finish(run)))).toEqual([false, false, true, true]);

    const ended = await engine.knex('dbos.workflow_output').whereIn(
      'workflow_uuid',
      runs.map(({ runId }) => runId),
    );
    expect(ended.map((row: { workflow_uuid: string }) => row.workflow_uuid).toSorted()).toEqual(
      ours.map(({ runId }) => runId).toSorted(),
    );
  });

  it('finds the one output that Postgres cannot hold', async () => {
    const runs = await ownedRuns(5);

    const results = await Promise.allSettled(
      runs.map(async (run, at) => await finish(run, at === 3 ? 'NUL \0' : 'fine')),
    );

    expect(results).toMatchObject(
      runs.map((_, at) => (at === 3 ? { status: 'rejected', reason: { code: '22021' } } : ENDED)),
    );
    expect(await outputsOf(runs)).toEqual(runs.map((_, at) => (at === 3 ? null : 'fine')));
  });

  it('does not wait for a row that somebody changes', async () => {
    const runs = await ownedRuns(4);
    const [locked, ...others] = runs as [Owned, ...Owned[]];
    const changing = await intruder(lockOf(locked));

    const waits = finish(locked);
    await finishAll(others);

    expect(await outputsOf(runs)).toEqual([null, ...others.map(() => 'done')]);
    await end(changing, 'rollback');
    expect(await waits).toBe(true);
    expect(await outputsOf(runs)).toEqual(runs.map(() => 'done'));
  });

  it('is repeated as a whole after a deadlock', async () => {
    const runs = await ownedRuns(3);
    const [contested, other] = runs as [Owned, Owned, Owned];
    const rival = await intruder(`set local deadlock_timeout = '60s'`, outputOf(contested));

    const finished = finishAll(runs);
    await waiter('with item');
    await rival.query(lockOf(other));
    await end(rival, 'rollback');

    expect(await finished).toEqual(runs.map(() => ENDED));
    expect(await outputsOf(runs)).toEqual(runs.map(() => 'done'));
  });

  it('gives a statement timeout to the outcome that waits, not to its neighbours', async () => {
    const runs = await ownedRuns(3);
    const [contested, ...others] = runs as [Owned, ...Owned[]];
    const rival = await intruder(outputOf(contested));

    const finished = finishAll(runs);
    await cancelWaiter('with item');
    await cancelWaiter('INSERT INTO');

    expect(await finished).toMatchObject([
      { status: 'rejected', reason: { code: '57014' } },
      ...others.map(() => ENDED),
    ]);
    await end(rival, 'rollback');
    expect(await outputsOf(runs)).toEqual([null, ...others.map(() => 'done')]);
  });
});

/** The session that waits for a lock in a statement with this text in it. */
async function waiter(text = ''): Promise<number> {
  const sql = `select pid from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock' and query like '%${text}%'`;
  return await until(async () => (await execute(url, sql)).rows[0]?.['pid'] as number, {
    what: 'a statement to wait for a lock',
  });
}

async function cancelWaiter(text: string): Promise<void> {
  await execute(url, `select pg_cancel_backend(${await waiter(text)})`);
}
