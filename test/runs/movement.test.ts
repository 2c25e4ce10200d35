// What runs tell of how far they are: many in one statement, and a row that is locked holds up nobody else.
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKnex } from '../../src/postgres/index.ts';
import { insertDefinition } from '../../src/runs/definition-store.ts';
import { tellMovement } from '../../src/runs/movement.ts';
import { insertRun } from '../../src/runs/run-store.ts';
import type { RunStatus } from '../../src/runs/runs.ts';
import { createTestDatabase } from '../support/database.ts';

const PIN = { tenant: 'default', version: '1.0.0', hash: 'h' };

let knex: Knex;
const statements: string[] = [];
beforeAll(async () => {
  knex = createKnex(await createTestDatabase('movement'), { max: 4, name: 'test' });
  const content = { source: null, media_type: null, plan: null, kind: 'coded' } as const;
  await insertDefinition(knex, { ...PIN, name: 'w', title: 'w', created_by: 'ann', ...content });
  knex.on('query', ({ sql }: { sql: string }) => void statements.push(sql));
});
afterAll(async () => await knex.destroy());

async function insert(id: string, status: RunStatus = 'running'): Promise<string> {
  const rest = {
    priority: 'normal',
    labels: {},
    requester: 'ann',
    sandboxed: false,
    idempotencyKey: null,
    traceparent: null,
  } as const;
  const startedAt = new Date();
  await knex.transaction(
    async (trx) =>
      await insertRun(trx, { id, ...PIN, workflow: 'w', input: {}, status, ...rest, startedAt, requestDigest: 'd' }),
  );
  return id;
}

const rowOf = async (id: string): Promise<unknown> =>
  await knex('breakwater.run').first('status', 'progress', 'phase', 'waiting_for').where({ id });

const at = (percentage: number, waitingFor: string | null = null) => ({ percentage, phase: 'p', waitingFor });

describe('a movement', () => {
  it('is told together with those of other runs', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map(async (id) => await insert(id)));
    statements.length = 0;

    await Promise.all(
      ids.map(async (id, index) => await tellMovement(knex, id, at(index, index === 1 ? 'ann' : null))),
    );

    expect(statements).toHaveLength(1);
    expect(await Promise.all(ids.map(rowOf))).toEqual([
      { status: 'running', progress: 0, phase: 'p', waiting_for: null },
      { status: 'waiting', progress: 1, phase: 'p', waiting_for: 'ann' },
      { status: 'running', progress: 2, phase: 'p', waiting_for: null },
    ]);
  });

  it('never goes backwards, and changes nothing of a run that is held', async () => {
    const moved = await insert('moved');
    const held = await insert('held', 'held');
    await tellMovement(knex, moved, at(50));

    await Promise.all([tellMovement(knex, moved, at(40)), tellMovement(knex, held, at(40))]);

    expect([await rowOf(moved), await rowOf(held)]).toMatchObject([
      { progress: 50 },
      { status: 'held', progress: 0, phase: null },
    ]);
  });

  it('of a locked row waits alone', async () => {
    const [locked, other] = [await insert('locked'), await insert('other')];
    const trx = await knex.transaction();
    await trx.raw('select 1 from breakwater.run where id = ? for update', [locked]);

    const waits = tellMovement(knex, locked, at(10)).then(() => 'told');
    await tellMovement(knex, other, at(20));

    expect([await rowOf(locked), await rowOf(other)]).toMatchObject([{ progress: 0 }, { progress: 20 }]);
    await trx.rollback();
    expect(await waits).toBe('told');
    expect(await rowOf(locked)).toMatchObject({ progress: 10 });
  });
});
