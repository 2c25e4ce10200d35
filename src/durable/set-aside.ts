// Puts a run that can go no further where nobody claims it, in one transaction with what it is to be told as.
import type { Knex } from 'knex';
import { setAside } from './give-back-store.ts';
import type { Owned } from './give-back-store.ts';

/** Tells the run's own row why, in the transaction that sets it aside. */
export type OnStuck = (trx: Knex.Transaction, runId: string, why: unknown) => Promise<void>;

/** A run that is no longer `owned` stays with whom it is. */
export async function setAsideAsStuck(
  { knex, onStuck }: { readonly knex: Knex; readonly onStuck: OnStuck },
  owned: Owned,
  why: unknown,
): Promise<void> {
  await knex.transaction(async (trx) => {
    if (await setAside(trx, owned)) await onStuck(trx, owned.runId, why);
  });
}
