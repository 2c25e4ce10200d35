// A process that cannot serve its runs: it gives each of them back, and goes when there are too many.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentRun, registerDurable } from '../../src/durable/index.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

const begun = new Set<string>();

registerDurable('test.refused-once', async () => {
  const { runId } = currentRun();
  if (begun.has(runId)) return;
  begun.add(runId);
  throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
});

let engine: TestEngine;
beforeAll(async () => {
  engine = await openEngine();
});
afterAll(async () => await engine.stop());

const givenBack = (): number => engine.events.filter(({ name }) => name === 'durable.left').length;

it('a process that gives more than 50 runs back in 10 s must go, and no run is lost', async () => {
  const runIds = await Promise.all(Array.from({ length: 50 }, async () => await engine.start('test.refused-once')));
  await until(() => givenBack() === 50, { what: '50 runs to be given back' });
  const fatalSoFar = [...engine.fatal];

  runIds.push(await engine.start('test.refused-once'));
  await until(() => engine.fatal.length > 0, { what: 'the process to be told' });

  expect(fatalSoFar).toEqual([]);
  expect(engine.fatal).toEqual(['this process gave back more than 50 runs in 10 s']);
  for (const runId of runIds)
    await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: `${runId} to succeed` });
});
