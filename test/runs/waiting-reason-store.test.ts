// Runs that do not move are counted by few reasons, whatever words their rows say it in.
import type { Knex } from 'knex';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKnex } from '../../src/postgres/index.ts';
import { describeWaiting } from '../../src/runs/waiting.ts';
import { countWaiting } from '../../src/runs/waiting-reason-store.ts';
import { createTestDatabase } from '../support/database.ts';
import { planOf } from './plan-of.ts';

const plan = planOf({
  review: { approval: { timeoutMs: 1_000 } },
  signed: { wait: { kind: 'message', topic: 'for service "x" to come back' } },
  cooled: { wait: { kind: 'for', durationMs: 1_000 } },
  due: { wait: { kind: 'until', at: '2026-05-01T08:00:00Z' } },
  work: { acts: ['a'] },
});
const child = {
  ...plan.nodes[0]!,
  id: 'below',
  kind: 'workflow',
  workflow: 'w',
  input: null,
  optional: false,
} as const;

let knex: Knex;
beforeAll(async () => {
  knex = createKnex(await createTestDatabase('reasons'), { max: 1, name: 'test' });
});
afterAll(async () => await knex.destroy());

async function plant(tenant: string, status: string, words: string | null): Promise<void> {
  const pin = { tenant, version: '1.0.0', hash: 'h' };
  const definition = { ...pin, name: 'w', title: 'W', kind: 'coded', created_by: 'test' };
  const tables = knex.withSchema('breakwater');
  await tables.table('definition').insert(definition).onConflict().ignore();
  const run = { ...pin, id: randomUUID(), workflow: 'w', input: '{}', status, requester: 'ann', request_digest: 'd' };
  await knex
    .withSchema('breakwater')
    .table('run')
    .insert({ ...run, waiting_for: words });
}

describe('countWaiting', () => {
  it('tells each kind of wait from its words, of all tenants, and leaves out what moves or is over', async () => {
    const words = (id: string): string | null => describeWaiting({ ...plan, nodes: [...plan.nodes, child] }, [id]);
    for (const id of ['review', 'signed', 'cooled', 'due', 'below']) await plant('acme', 'waiting', words(id));
    await plant('acme', 'waiting', describeWaiting(plan, ['work.a'], new Map([['work.a', 'github']])));
    await plant('beta', 'waiting', describeWaiting(plan, ['review', 'signed']));
    for (const status of ['paused', 'held', 'stuck', 'queued', 'running', 'compensating'])
      await plant('beta', status, words('review'));

    const counted = Object.fromEntries((await countWaiting(knex)).map(({ reason, runs }) => [reason, runs]));

    expect(counted).toEqual({
      approval: 2,
      message: 1,
      time: 2,
      child: 1,
      service: 1,
      paused: 1,
      held: 1,
      stuck: 1,
      queue: 1,
    });
  });
});
