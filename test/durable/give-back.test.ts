// Giving a run back: only its owner can, whatever an execution that lost it still believes.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { giveBackLater, giveBackNow, setAside } from '../../src/durable/give-back-store.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { plantRuns, workflowRows } from './planted.ts';
import type { WorkflowRow } from './planted.ts';

const OWNED = { status: 'PENDING', executor: 'me', owner: 'token' };

let knex: Knex;
beforeAll(async () => {
  knex = createKnex(await createTestDatabase('give_back'), { max: 2, name: 'test' });
});
afterEach(async () => void (await knex.withSchema('dbos').table('workflow_status').delete()));
afterAll(async () => await knex.destroy());

async function plantOwned(): Promise<void> {
  await plantRuns(knex, [{ id: 'run', status: 'PENDING', executor: 'me' }]);
}

async function row(): Promise<WorkflowRow | undefined> {
  return (await workflowRows(knex, ['run'])).get('run');
}

const ways = [
  ['giveBackNow', async (owner: string) => await giveBackNow(knex, { runId: 'run', ownerXid: owner })],
  ['giveBackLater', async (owner: string) => await giveBackLater(knex, { runId: 'run', ownerXid: owner }, 1_000)],
  [
    'setAside',
    async (owner: string) =>
      await knex.transaction(async (trx) => await setAside(trx, { runId: 'run', ownerXid: owner })),
  ],
] as const;

describe.each(ways)('%s', (_name, give) => {
  it('leaves a run alone that has another owner', async () => {
    await plantOwned();

    expect(await give('token of an earlier claim')).toBe(false);

    expect(await row()).toMatchObject(OWNED);
  });

  it('takes the owner off a run of its own', async () => {
    await plantOwned();

    expect(await give('token')).toBe(true);

    expect(await row()).toMatchObject({ owner: null });
  });
});
