// The audit: a row that this process owns but does not run goes back to the queue, as after a claim whose commit was not answered (D5).
import type { Knex } from 'knex';
import type { Emit } from '../kernel/index.ts';
import { giveBackNow } from './give-back-store.ts';
import { isRunningHere } from './internals.ts';
import { listOwned } from './lease-store.ts';
import { repeat } from './loop.ts';
import type { Loop } from './loop.ts';

const EVERY_MS = 3_000;

/** Frees what it saw idle twice under the same owner token: one look may fall between a claim and its dispatch. */
export function startAudit(knex: Knex, executorId: string, emit: Emit): Loop {
  let idleBefore = new Set<string>();
  const audit = async (): Promise<number> => {
    const idle = (await listOwned(knex, executorId)).filter((owned) => !isRunningHere(owned.runId));
    for (const owned of idle.filter((each) => idleBefore.has(`${each.runId} ${each.ownerXid}`))) {
      if (await giveBackNow(knex, owned)) emit({ level: 'warn', name: 'audit.freed', fields: { run: owned.runId } });
    }
    idleBefore = new Set(idle.map((owned) => `${owned.runId} ${owned.ownerXid}`));
    return EVERY_MS;
  };
  return repeat({ name: 'audit', emit, work: audit, errorPauseMs: EVERY_MS });
}
