// The gate before a run's acts.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPauseGate } from '../../../src/runs/pause-gate.ts';

const never = new AbortController().signal;

describe('a pause gate', () => {
  it('lets acts pass while it is open', async () => {
    const gate = createPauseGate();

    await gate.opened(never);

    expect(await gate.pass(async () => 'done')).toBe('done');
    expect(gate.isAtRest).toBe(true);
  });

  it('holds whoever comes while it is closed, until it is opened', async () => {
    const gate = createPauseGate();
    const passed: string[] = [];
    gate.close();
    const waiting = ['a', 'b'].map(async (who) => {
      await gate.opened(never);
      passed.push(who);
    });

    await Promise.resolve();
    expect(passed).toEqual([]);
    gate.open();
    await Promise.all(waiting);

    expect(passed).toEqual(['a', 'b']);
  });

  it('lets go of whoever gives up waiting', async () => {
    const gate = createPauseGate();
    const ended = new AbortController();
    gate.close();

    const waiting = gate.opened(ended.signal);
    ended.abort();
    await waiting;

    expect(gate.isClosed).toBe(true);
    await gate.opened(ended.signal);
  });

  it('listens to nobody any more who waited for it', async () => {
    const gate = createPauseGate();
    const ended = new AbortController();
    gate.close();
    const waiting = [1, 2].map(async () => await gate.opened(ended.signal));
    expect(getEventListeners(ended.signal, 'abort')).toHaveLength(2);

    gate.open();
    await Promise.all(waiting);

    expect(getEventListeners(ended.signal, 'abort')).toEqual([]);
  });

  it('tells that the last act under way has settled, however it did, and only while it is closed', async () => {
    const gate = createPauseGate();
    let told = 0;
    const unhook = gate.onRest(() => (told += 1));
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const acts = [first, second].map(async ({ promise }) => await gate.pass(async () => await promise));
    const settled = Promise.allSettled(acts);

    await gate.pass(async () => undefined);
    gate.close();
    first.reject(new Error('failed'));
    await Promise.allSettled([acts[0]]);
    expect([told, gate.isAtRest]).toEqual([0, false]);
    second.resolve();
    await settled;

    expect([told, gate.isAtRest]).toEqual([1, true]);
    unhook();
    await gate.pass(async () => undefined);
    expect(told).toBe(1);
  });
});
