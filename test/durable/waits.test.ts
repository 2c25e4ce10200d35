// What waits of one process cost and how they end: told, found by the look for all, or out of time.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  currentRun,
  registerDurable,
  sendInTransaction,
  takeMessage,
  userTopic,
  waitForMessage,
} from '../../src/durable/index.ts';
import { openWaits, tellOfWaits } from '../../src/durable/waits.ts';
import type { Wait, Wake } from '../../src/durable/waits.ts';
import { silent } from '../../src/kernel/index.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

const FAR = Number.POSITIVE_INFINITY;

function setup({ pollMs = 10 } = {}) {
  const messages = new Set<string>();
  const looks: number[] = [];
  const listeners = new Map<string, () => void>();
  let isDown = false;
  const waits = openWaits({
    pollMs,
    find: async (addresses) => {
      looks.push(addresses.length);
      if (isDown) throw new Error('the database is away');
      return addresses.map(({ runId }) => messages.has(runId));
    },
    listen: (runId, _topic, wake) => {
      listeners.set(runId, wake);
      return () => void listeners.delete(runId);
    },
  });
  const begin = (runId: string, over: Partial<Wait> = {}) => {
    const { promise, resolve: wake, reject: fail } = Promise.withResolvers<Wake>();
    const end = waits.begin({ runId, topic: 'go', deadlineMs: FAR, now: () => performance.now(), wake, fail, ...over });
    return { woken: promise, end };
  };
  return { begin, messages, looks, listeners, setDown: (down: boolean) => void (isDown = down) };
}

afterEach(() => tellOfWaits(silent));

describe('a wait', () => {
  it('ends for a message that was there before it began', async () => {
    const { begin, messages, listeners } = setup();
    messages.add('a');

    expect(await begin('a').woken).toBe('message');
    expect(listeners.size).toBe(0);
  });

  it('ends when it is told of one, without a further look', async () => {
    const { begin, looks, listeners } = setup({ pollMs: 60_000 });
    const { woken } = begin('a');
    await until(() => looks.length > 0, { what: 'the first look' });

    listeners.get('a')?.();

    expect(await woken).toBe('message');
    expect(looks).toEqual([1]);
  });

  it('is found by the next look for all when nobody told it', async () => {
    const { begin, messages, looks } = setup();
    const { woken } = begin('a');
    await until(() => looks.length > 1, { what: 'a look for all' });

    messages.add('a');

    expect(await woken).toBe('message');
  });

  it('shares that look with all others', async () => {
    const { begin, looks } = setup();
    const all = Array.from({ length: 1_500 }, (_, at) => begin(`run ${at}`));

    await until(() => looks.length >= 6, { what: 'two looks for all' });
    for (const { end } of all) end();

    expect(looks.slice(0, 6)).toEqual([1_000, 500, 1_000, 500, 1_000, 500]);
  });

  it('ends at its deadline, and not before it has looked once more', async () => {
    const { begin, looks } = setup({ pollMs: 1_000 });
    const startedAt = performance.now();

    expect(await begin('a', { deadlineMs: startedAt + 30 }).woken).toBe('deadline');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(30);
    expect(looks).toEqual([1, 1]);
  });

  it('ends with a message that was there at its deadline, though nobody told it', async () => {
    const { begin, looks, messages } = setup({ pollMs: 1_000 });
    const { woken } = begin('a', { deadlineMs: performance.now() + 50 });
    await until(() => looks.length > 0, { what: 'the first look' });

    messages.add('a');

    expect(await woken).toBe('message');
  });

  it('is told nothing once it was left', async () => {
    const { begin, listeners, looks } = setup();
    const told: string[] = [];
    const { end } = begin('a', { wake: (why) => void told.push(why), deadlineMs: performance.now() + 15 });
    const other = begin('b', { deadlineMs: performance.now() + 40 });

    end();

    await other.woken;
    expect(told).toEqual([]);
    expect(listeners.size).toBe(0);
    expect(looks.at(-1)).toBe(1);
  });
});

describe('while the database is away', () => {
  it('a wait that rests goes on, and is found afterwards; the failed looks are told', async () => {
    const events: RoomEvent[] = [];
    tellOfWaits((event) => events.push(event));
    const { begin, messages, looks, setDown } = setup();
    const { woken } = begin('a');
    await until(() => looks.length > 0, { what: 'the first look' });

    setDown(true);
    await until(() => events.length > 1, { what: 'two failed looks' });
    messages.add('a');
    setDown(false);

    expect(await woken).toBe('message');
    expect(events[0]).toMatchObject({ level: 'warn', name: 'waits.look_failed' });
  });

  it('a wait does not begin', async () => {
    const { begin, listeners, setDown } = setup();
    setDown(true);

    await expect(begin('a').woken).rejects.toThrow('the database is away');
    expect(listeners.size).toBe(0);
  });
});

describe('a message whose NOTIFY was lost', () => {
  const TOPIC = userTopic('lost');
  const taken = new Map<string, unknown>();
  let waiting = 0;
  let engine: TestEngine;

  registerDurable('waits.lost', async () => {
    const { runId, quiesce } = currentRun();
    waiting++;
    await waitForMessage(engine.knex, TOPIC, FAR, { now: Date.now, signal: quiesce });
    taken.set(runId, await takeMessage(4_096, TOPIC));
  });
  beforeAll(async () => {
    engine = await openEngine({ groupCheckpoints: true });
  });
  afterAll(async () => await engine.stop());

  it('wakes its run within some seconds', async () => {
    const runId = await engine.start('waits.lost');
    await until(() => waiting === 1, { what: 'the run to wait' });

    await engine.knex.transaction(async (trx) => {
      // Without triggers nothing is told.
      await trx.raw('set local session_replication_role = replica');
      await sendInTransaction(trx, { runId, topic: TOPIC, value: 'late', key: 'lost' });
    });

    await until(() => taken.has(runId), { what: 'the message to be found', timeoutMs: 9_000 });
    expect(taken.get(runId)).toBe('late');
  });
});
