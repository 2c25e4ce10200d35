// Definitions that runs are pinned to: read once a process, and never another content than the pin's.
import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKnex } from '../../src/postgres/index.ts';
import { insertDefinition } from '../../src/runs/definition-store.ts';
import { loadPinned } from '../../src/runs/pinned-definition.ts';
import { createTestDatabase } from '../support/database.ts';
import { planOf } from './plan-of.ts';

const plan = planOf({ pause: { wait: { kind: 'for', durationMs: 1 } } });

let knex: Knex;
let queries = 0;
beforeAll(async () => {
  knex = createKnex(await createTestDatabase('pinned'), { max: 2, name: 'test' });
  knex.on('query', () => void queries++);
});
beforeEach(() => {
  queries = 0;
});
afterAll(async () => await knex.destroy());

async function publish(workflow: string, hash = 'one', tenant = 'default') {
  const names = { tenant, name: workflow, version: '1.0.0', hash, title: workflow };
  await insertDefinition(knex, { ...names, kind: 'yaml', source: '', media_type: null, plan, created_by: 'test' });
  queries = 0;
  return { tenant, workflow, version: '1.0.0', hash };
}

describe('a pinned definition', () => {
  it('is read once, and its plan is one for all runs', async () => {
    const pin = await publish('once');

    const first = await loadPinned(knex, pin);
    const second = await loadPinned(knex, pin);

    expect(first).toEqual({
      name: 'once',
      version: '1.0.0',
      hash: 'one',
      plan: JSON.parse(JSON.stringify(plan)) as unknown,
    });
    expect(second?.plan).toBe(first?.plan);
    expect(queries).toBe(1);
  });

  it('is never one with another content, nor another tenant, nor one that is not there', async () => {
    const pin = await publish('apart');

    await loadPinned(knex, pin);

    expect(await loadPinned(knex, { ...pin, hash: 'two' })).toBeUndefined();
    expect(await loadPinned(knex, { ...pin, tenant: 'another' })).toBeUndefined();
    expect(await loadPinned(knex, { ...pin, version: '2.0.0' })).toBeUndefined();
  });

  it('is kept while it is used, and forgotten when 500 others were used since', async () => {
    const names = Array.from({ length: 501 }, (_, at) => `many ${at}`);
    const pins = await Promise.all(names.map(async (name) => await publish(name)));
    const [first, second, ...others] = pins as [(typeof pins)[0], (typeof pins)[0], ...typeof pins];
    await loadPinned(knex, first);
    await loadPinned(knex, second);
    for (const pin of others.slice(0, -1)) await loadPinned(knex, pin);
    await loadPinned(knex, first);
    await loadPinned(knex, others.at(-1)!);

    queries = 0;
    await loadPinned(knex, first);
    expect(queries).toBe(0);
    await loadPinned(knex, second);
    expect(queries).toBe(1);
  });
});
