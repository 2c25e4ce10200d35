// The row of a run that was just started, for its first execution alone.
import { describe, expect, it } from 'vitest';
import { takeNewborn, whileNewborn } from '../../src/runs/newborn.ts';
import type { NewRun } from '../../src/runs/run-store.ts';

const run = (id: string): NewRun => ({
  id,
  tenant: 'default',
  workflow: 'w',
  version: '1.0.0',
  hash: 'h',
  input: {},
  status: 'running',
  priority: 'high',
  traceparent: null,
  labels: {},
  requester: 'ann',
  sandboxed: false,
  idempotencyKey: null,
  requestDigest: 'd',
  startedAt: new Date(1),
});

describe('a newborn row', () => {
  it('is there for the execution that begins, once', async () => {
    await whileNewborn(run('a'), async () => undefined);

    expect(takeNewborn('a', true)).toMatchObject({ requester: 'ann', priority: 'high', startedAt: new Date(1) });
    expect(takeNewborn('a', true)).toBeUndefined();
  });

  it('is nothing to an execution that took the run over', async () => {
    await whileNewborn(run('b'), async () => undefined);

    expect([takeNewborn('b', false), takeNewborn('b', true)]).toEqual([undefined, undefined]);
  });

  it('goes with a run that does not begin', async () => {
    const begun = whileNewborn(run('c'), async () => {
      throw new Error('no');
    });

    await expect(begun).rejects.toThrow('no');
    expect(takeNewborn('c', true)).toBeUndefined();
  });
});
