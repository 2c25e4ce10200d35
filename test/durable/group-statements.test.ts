// What grouped work costs: statements are counted, for time tells nothing on a busy machine.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  currentRun,
  loadRecord,
  openBranches,
  registerDurable,
  runStep,
  takeMessage,
  userTopic,
  waitForMessage,
  wakeTopic,
} from '../../src/durable/index.ts';
import { installGroupCheckpoints } from '../../src/durable/group-checkpoints.ts';
import { until } from '../support/until.ts';
import { openEngine } from './an-engine.ts';
import type { TestEngine } from './an-engine.ts';

const ended = new Set<string>();
const attempts = new Map<string, number>();
let bodies = 0;
let engine: TestEngine;

async function nothing(): Promise<null> {
  bodies++;
  return null;
}

registerDurable('statements.sequence', async () => {
  for (let at = 1; at <= 10; at++) await runStep(4_096 * at, `step ${at}`, nothing);
  ended.add(currentRun().runId);
});

registerDurable('statements.fan-out', async () => {
  const branches = openBranches<number, null>();
  for (let at = 1; at <= 300; at++) {
    branches.start(at, async () => await runStep(4_096 * at, `branch ${at}`, nothing));
  }
  await branches.drain();
  ended.add(currentRun().runId);
});

registerDurable('statements.replay', async () => {
  const { runId } = currentRun();
  const attempt = (attempts.get(runId) ?? 0) + 1;
  attempts.set(runId, attempt);
  await loadRecord(engine.knex);
  const branches = openBranches<number, null>();
  for (let at = 1; at <= 200; at++) {
    branches.start(at, async () => await runStep(4_096 * at, `branch ${at}`, nothing));
  }
  await branches.drain();
  if (attempt === 1) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  ended.add(runId);
});

registerDurable('statements.waits', async () => {
  const options = { now: Date.now, signal: new AbortController().signal };
  const branches = openBranches<number, unknown>();
  for (let at = 0; at < 40; at++) {
    const topic = wakeTopic(`node ${at}`, 0);
    branches.start(at, async () => await waitForMessage(engine.knex, topic, Number.POSITIVE_INFINITY, options));
  }
  await branches.drain();
});

registerDurable('statements.takes', async () => {
  const { runId } = currentRun();
  await loadRecord(engine.knex);
  for (let at = 1; at <= 10; at++) await takeMessage(4_096 * at, userTopic('topic'));
  ended.add(runId);
});

beforeAll(async () => {
  engine = await openEngine({ groupCheckpoints: true });
});
afterAll(async () => await engine.stop());

async function groupsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = engine.events.length;
  await work();
  const groups: Record<string, number> = { look: 0, record: 0, outcome: 0 };
  for (const { name, fields } of engine.events.slice(before)) {
    const kind = String(fields['kind']);
    if (name === 'durable.group') groups[kind] = (groups[kind] ?? 0) + 1;
  }
  return groups;
}

async function runToEnd(workflow: string): Promise<void> {
  const runId = await engine.start(workflow);
  await until(() => ended.has(runId), { what: `${workflow} to end` });
  await until(async () => (await engine.workflowRow(runId)).status === 'SUCCESS', { what: 'its outcome' });
}

describe('a run with group checkpoints', () => {
  it('looks once at what it began itself, and records each step in one statement', async () => {
    expect(await groupsOf(async () => await runToEnd('statements.sequence'))).toEqual({
      look: 1,
      record: 10,
      outcome: 1,
    });
  });

  it('records what settles together, together', async () => {
    const groups = await groupsOf(async () => await runToEnd('statements.fan-out'));

    expect(groups['record']).toBeLessThan(30);
  });

  it('takes a message and records that it did in one statement', async () => {
    const groups = await groupsOf(async () => await runToEnd('statements.takes'));

    expect(groups).toEqual({ look: 0, record: 0, take: 10, outcome: 1 });
  });

  it('replays what it has read without asking again', async () => {
    const before = bodies;

    const groups = await groupsOf(async () => await runToEnd('statements.replay'));

    expect(bodies - before).toBe(200);
    expect((groups['look'] ?? 0) + (groups['record'] ?? 0)).toBeLessThan(40);
  });
});

describe('waits', () => {
  it('look for their messages together', async () => {
    const looks: number[] = [];
    engine.knex.on('query', ({ sql, bindings }: { sql: string; bindings: unknown[][] }) => {
      if (sql.includes('dbos.notifications')) looks.push(bindings[0]?.length ?? 0);
    });

    await engine.start('statements.waits');
    await until(() => looks.reduce((sum, size) => sum + size, 0) >= 40, { what: 'all to have looked' });

    expect(looks).toEqual([40]);
  });
});

describe('another version of DBOS', () => {
  it('is left alone, with a warning', async () => {
    const warnings: unknown[] = [];

    installGroupCheckpoints((event) => warnings.push(event), '5.4.0');

    expect(warnings).toEqual([
      { level: 'warn', name: 'durable.groups_off', fields: { builtFor: '5.3.0', version: '5.4.0' } },
    ]);
  });
});
