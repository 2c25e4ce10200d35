// Between the end of a lease and the end of its process: nothing may reach the outside any more.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseFence } from '../../src/durable/fence.ts';
import { registerDurable, runStep } from '../../src/durable/index.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

let engine: TestEngine;
let held = true;
const acted: string[] = [];

registerDurable('fenced', async () => {
  await runStep(5_000, 'stopped and woken', async () => {
    acted.push('before');
    held = acted.length > 1;
  });
  await runStep(5_001, 'after', async () => acted.push('after'));
});

beforeAll(async () => {
  engine = await openEngine();
  raiseFence(() => held);
});

afterAll(async () => await engine.stop());

describe('a lease that ran out within a run', () => {
  it('lets no further act begin; whoever owns the run next goes on', async () => {
    const runId = await engine.start('fenced');
    await until(() => engine.durable.running === 0 && acted.length === 1, { what: 'the execution to leave' });

    expect(acted).toEqual(['before']);
    expect(engine.stuck).toEqual([]);

    held = true;
    const ended = async () => (await engine.workflowRow(runId)).status === 'SUCCESS';
    await until(ended, { what: 'the run to end', timeoutMs: 20_000 });
    expect(acted).toEqual(['before', 'after']);
  });
});
