// How running acts hear what operators ask: at once when they are woken, within seconds when the wake is lost, and cheaply.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerDurable, sendInTransaction, waitForMessage } from '../../src/durable/index.ts';
import { silent } from '../../src/kernel/index.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { writeControl } from '../../src/runs/control-store.ts';
import type { Control } from '../../src/runs/control-store.ts';
import { createControlWatch } from '../../src/runs/control-watch.ts';
import type { ControlWatch } from '../../src/runs/control-watch.ts';
import { insertDefinition } from '../../src/runs/definition-store.ts';
import { RUN_TOPIC } from '../../src/runs/run-topic.ts';
import { insertRun } from '../../src/runs/run-store.ts';
import { openEngine } from '../durable/an-engine.ts';
import type { TestEngine } from '../durable/an-engine.ts';
import { until } from '../support/until.ts';

const PIN = { tenant: 'default', version: '1.0.0', hash: 'h' };
const CANCEL: Control = { cancel: { compensate: true, by: 'ann', reason: null, at: '2026-01-01T00:00:00Z' } };

registerDurable('watched', async () => {
  const options = { now: Date.now, signal: new AbortController().signal };
  await waitForMessage(engine.knex, 'never', Number.POSITIVE_INFINITY, options);
});

let engine: TestEngine;
const reads: string[] = [];
const open: ControlWatch[] = [];
beforeAll(async () => {
  engine = await openEngine();
  const content = { source: null, media_type: null, plan: null, kind: 'coded' } as const;
  await insertDefinition(engine.knex, { ...PIN, name: 'w', title: 'w', created_by: 'ann', ...content });
  engine.knex.on('query', ({ sql }: { sql: string }) => {
    if (sql.includes('"control" is not null')) reads.push(sql);
  });
});
afterEach(() => {
  for (const controls of open.splice(0)) controls.stop();
});
afterAll(async () => await engine.stop());

async function aRun(): Promise<string> {
  const id = await engine.start('watched');
  const rest = {
    priority: 'normal',
    labels: {},
    requester: 'ann',
    sandboxed: false,
    idempotencyKey: null,
    traceparent: null,
  } as const;
  const row = { id, ...PIN, workflow: 'w', input: {}, status: 'running', ...rest } as const;
  await engine.knex.transaction(
    async (trx) => await insertRun(trx, { ...row, startedAt: new Date(), requestDigest: 'd' }),
  );
  return id;
}

async function ask(runId: string, { isWoken = true } = {}): Promise<void> {
  await engine.knex.transaction(async (trx) => {
    await writeControl(trx, runId, CANCEL);
    if (isWoken) await sendInTransaction(trx, { runId, topic: RUN_TOPIC, value: null, key: `cancel ${runId}` });
  });
}

function watching(runIds: readonly string[]) {
  const controls = createControlWatch(engine.knex, silent);
  open.push(controls);
  const told: string[] = [];
  const ends = runIds.map((runId) => controls.watch(runId, () => void told.push(runId)));
  reads.length = 0;
  return { controls, told, ends };
}

describe('a watched run', () => {
  it('is told at once when its wake comes, within seconds when that is lost, and once only', async () => {
    const [woken, unheard] = [await aRun(), await aRun()];
    const { controls, told } = watching([woken, unheard]);
    await Promise.all([controls.read(woken), controls.read(unheard)]);

    await ask(unheard, { isWoken: false });
    await ask(woken);

    await until(() => told.length > 0, { what: 'the notice of the wake', timeoutMs: 3_000 });
    await until(() => told.length > 1, { what: 'the notice without one', timeoutMs: 8_000 });
    expect(told).toEqual([woken, unheard]);
  });

  it('is told of what was asked before its watch began', async () => {
    const runId = await aRun();
    await ask(runId);

    const { told } = watching([runId]);

    await until(() => told.length > 0, { what: 'the notice', timeoutMs: 3_000 });
    expect(told).toEqual([runId]);
  });

  it('is told nothing once its watch has ended', async () => {
    const [left, watched] = [await aRun(), await aRun()];
    const { told, ends } = watching([left, watched]);

    ends[0]?.();
    await ask(left);
    await ask(watched);

    await until(() => told.length > 0, { what: 'the notice of the other' });
    expect(told).toEqual([watched]);
  });
});

describe('many watched runs', () => {
  it('are looked at in one query for a wave of wakes', async () => {
    const runIds = await Promise.all(Array.from({ length: 30 }, aRun));
    const { controls, told } = watching(runIds);
    await Promise.all(runIds.map(async (runId) => await controls.read(runId)));
    expect(reads).toHaveLength(1);

    await engine.knex.transaction(async (trx) => {
      for (const runId of runIds) {
        await writeControl(trx, runId, CANCEL);
        await sendInTransaction(trx, { runId, topic: RUN_TOPIC, value: null, key: `cancel ${runId}` });
      }
    });

    await until(() => told.length === 30, { what: 'all notices' });
    expect(reads).toHaveLength(2);
  });
});

describe('a run that goes on acting', () => {
  it('is not read again when it was read just now', async () => {
    const runId = await aRun();
    const { controls } = watching([runId]);

    await controls.read(runId);
    expect(await controls.heed(runId)).toBeUndefined();

    expect(reads).toHaveLength(1);
  });

  it('is read again when it was woken since', async () => {
    const runId = await aRun();
    const { controls, told } = watching([runId]);
    await controls.read(runId);

    await ask(runId);
    await until(() => told.length > 0, { what: 'the notice' });

    expect(await controls.heed(runId)).toEqual(CANCEL);
  });

  it('is read each time when nobody watches it', async () => {
    const runId = await aRun();
    const { controls } = watching([]);

    await controls.heed(runId);
    await controls.heed(runId);

    expect(reads).toHaveLength(2);
  });
});

describe('a look that fails', () => {
  it('is told', async () => {
    const runId = await aRun();
    const events: RoomEvent[] = [];
    const nobody = createKnex('postgres://nobody@127.0.0.1:1/none', { max: 1, name: 'nobody' });
    const controls = createControlWatch(nobody, (event) => events.push(event));
    open.push(controls);

    controls.watch(runId, () => undefined);

    await until(() => events.length > 0, { what: 'the failed look' });
    expect(events[0]).toMatchObject({ level: 'warn', name: 'controls.read_failed' });
    await nobody.destroy();
  });
});
