// Tells the rows of runs how far they are: what many runs say in one turn of the event loop is one statement.
import type { Knex } from 'knex';
import { createGroup } from '../durable/index.ts';
import type { Group } from '../durable/index.ts';
import { saveMovement, saveMovements } from './run-store.ts';
import type { Movement, RunMovement } from './run-store.ts';

const groups = new WeakMap<Knex, Group<RunMovement, boolean>>();

/** Committed when it resolves. A row that somebody changes at this moment is waited for alone. */
export async function tellMovement(knex: Knex, id: string, movement: Movement): Promise<void> {
  const isTold = await groupOn(knex).add({ id, ...movement });
  if (!isTold) await saveMovement(knex, id, movement);
}

function groupOn(knex: Knex): Group<RunMovement, boolean> {
  const known = groups.get(knex);
  if (known) return known;
  const group = createGroup<RunMovement, boolean>({
    send: async (movements) => await saveMovements(knex, movements),
    keyOf: ({ id }) => id,
    twins: 'apart',
    maxSize: 500,
    maxInFlight: 2,
  });
  groups.set(knex, group);
  return group;
}
