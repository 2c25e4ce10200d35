// The statements of group checkpoints write for the owner of a run alone, whoever else of the same process is in the group.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import { finishMany, recordMany } from '../../src/durable/group-store.ts';
import { createKnex, createPool } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { plantRuns, workflowRows } from './planted.ts';

let knex: Knex;
let pool: Pool;
beforeAll(async () => {
  const url = await createTestDatabase('group_owner');
  knex = createKnex(url, { max: 2, name: 'test' });
  pool = createPool(url, { max: 1, name: 'test-dbos' });
});
afterEach(async () => {
  for (const table of ['workflow_status', 'operation_outputs', 'workflow_output'])
    await knex.withSchema('dbos').table(table).delete();
});
afterAll(async () => await Promise.all([knex.destroy(), pool.end()]));

const texts = { name: 'step', error: null, childRunId: null, serialization: null };
const record = (ownerXid: string, stepId: number) => ({
  ...texts,
  runId: 'run',
  ownerXid,
  stepId,
  output: `"${ownerXid}"`,
  startedAt: 1,
  completedAt: 2,
});
const end = (ownerXid: string, runId: string) =>
  ({ runId, ownerXid, status: 'SUCCESS', output: `"${ownerXid}"`, error: null }) as const;

it('a step of an earlier execution is not recorded beside one of the execution that owns the run now', async () => {
  await plantRuns(knex, [{ id: 'run', status: 'PENDING', executor: 'me' }]);

  const recorded = await recordMany(pool, 'breakwater', [record('token that was lost', 1), record('token', 2)]);

  expect(recorded).toEqual([false, true]);
  const rows = await knex.withSchema('dbos').table('operation_outputs').select('function_id', 'output');
  expect(rows).toEqual([{ function_id: 2, output: '"token"' }]);
});

it('the outcome of an earlier execution ends nothing, that of the owner ends its run', async () => {
  await plantRuns(knex, [
    { id: 'lost', status: 'PENDING', executor: 'me' },
    { id: 'owned', status: 'PENDING', executor: 'me' },
    { id: 'given back', status: 'ENQUEUED' },
  ]);

  const ends = [end('token that was lost', 'lost'), end('token', 'owned'), end('token', 'given back')];
  expect(await finishMany(pool, ends)).toEqual([false, true, false]);

  const rows = await workflowRows(knex, ['lost', 'owned', 'given back']);
  expect([...rows.values()].map(({ id, status }) => [id, status])).toEqual(
    expect.arrayContaining([
      ['lost', 'PENDING'],
      ['owned', 'SUCCESS'],
      ['given back', 'ENQUEUED'],
    ]),
  );
  const outputs = await knex.withSchema('dbos').table('workflow_output').select('workflow_uuid');
  expect(outputs).toEqual([{ workflow_uuid: 'owned' }]);
});
