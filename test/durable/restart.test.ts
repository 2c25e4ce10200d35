// A run that waits while the engine under it is stopped and started again and again, as deployments do.
import { expect, it } from 'vitest';
import {
  currentRun,
  registerDurable,
  sendInTransaction,
  takeMessage,
  userTopic,
  waitForMessage,
} from '../../src/durable/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';
import { crashesOf } from './planted.ts';

const RESTARTS = 20;
const TOPIC = userTopic('approved');

let engine: TestEngine;
let waits = 0;

registerDurable('test.waits', async () => {
  const { quiesce } = currentRun();
  waits++;
  await waitForMessage(engine.knex, TOPIC, systemClock.now() + 600_000, { ...systemClock, signal: quiesce });
  await takeMessage(4_096, TOPIC);
});

it('a waiting run survives any number of restarts, and nobody is blamed for them', async () => {
  const url = await createTestDatabase('restart');
  engine = await openEngine({ url });
  const runId = await engine.start('test.waits');
  for (let n = 1; n <= RESTARTS; n++) {
    await until(() => waits === n, { what: `wait ${n}` });
    await engine.stop();
    engine = await openEngine({ url });
  }
  await until(() => waits === RESTARTS + 1, { what: 'the last wait' });

  await engine.knex.transaction(
    async (trx) => await sendInTransaction(trx, { runId, topic: TOPIC, value: true, key: 'approved' }),
  );

  await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: 'the run to end' });
  expect(await crashesOf(engine.knex, [runId])).toEqual({});
  expect(engine.stuck).toEqual([]);
  await engine.stop();
});
