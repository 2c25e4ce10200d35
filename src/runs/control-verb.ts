// What every verb of an operator has in common: one transaction that locks the run, asks the table, changes, and tells event and audit.
import type { Knex } from 'knex';
import { BreakwaterError } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import { REFUSALS, decideControl } from './control-decision.ts';
import type { ControlVerb } from './control-decision.ts';
import { controlOf, insertAudit } from './control-store.ts';
import type { Asked, Control } from './control-store.ts';
import { insertEvent } from './event-store.ts';
import { lockRun } from './run-store.ts';
import type { RunRow } from './run-store.ts';
import type { Actor } from './runs.ts';

/** What is kept with a verb: why, and the action on many runs that it is part of. */
export interface Why {
  readonly reason?: string;
  readonly bulk?: string;
}

export interface VerbCall extends Why {
  readonly verb: ControlVerb;
  readonly id: string;
}

/** The run, locked, of which the table says that the verb may be used. */
export interface Controlled {
  readonly run: RunRow;
  readonly control: Control;
  readonly asked: Asked;
}

/**
 * 404, 409 with the reason, or done: what `change` answers is kept with the event. False where it is so already: nothing happens. In the
 * caller's transaction, where it has one.
 */
export async function performVerb(
  knex: Knex,
  actor: Actor,
  { verb, id, reason, bulk }: VerbCall,
  change: (trx: Knex.Transaction, controlled: Controlled) => Promise<JsonObject>,
): Promise<boolean> {
  return await inOneTransaction(knex, async (trx) => {
    const run = await lockRun(trx, actor.tenant, id);
    if (!run) throw new BreakwaterError('NOT_FOUND', `No run "${id}".`);
    const control = controlOf(run);
    const asksFor = control.cancel ? 'cancel' : control.pause ? 'pause' : undefined;
    const verdict = decideControl(verb, { status: run.status, asked: asksFor });
    if (verdict.kind === 'refused') throw refusal(id, told(verdict.reason, run));
    if (verdict.kind === 'unchanged') return false;
    const asked = { by: actor.user, reason: reason ?? null, at: new Date().toISOString() };
    const data = {
      ...asked,
      ...(bulk !== undefined && { bulk }),
      ...(await change(trx, { run, control, asked })),
    };
    await insertEvent(trx, { tenant: actor.tenant, runId: id, kind: `control.${verb}`, data });
    await insertAudit(trx, { tenant: actor.tenant, actor: actor.user, action: `run.${verb}`, subject: id, data });
    return true;
  });
}

// Never in a subtransaction, of which nobody could tell whether a reader of the history has seen it.
async function inOneTransaction<T>(knex: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return isTransaction(knex) ? await work(knex) : await knex.transaction(work);
}

function isTransaction(knex: Knex): knex is Knex.Transaction {
  return knex.isTransaction === true;
}

/** Why a run of code is not rewound or forked, and what to do instead. */
export const OF_CODE =
  'is of code, of which nobody knows what was built on what: take back what it did (compensate), and start it anew';

// Which of the ends it came to is what the next question would be.
function told(reason: string, { status }: RunRow): string {
  return reason === REFUSALS.over ? `${reason} (${status})` : reason;
}

export function refusal(id: string, reason: string): BreakwaterError {
  return new BreakwaterError('CONFLICT', `Run ${id} ${reason}.`);
}
