// What the waiting run does with its question: opens it, reads how it ended, lets it expire, takes it back.
import type { Knex } from 'knex';
import { BreakwaterError } from '../kernel/index.ts';
import type { Approval, NewApproval, Settlement } from './approval.ts';
import {
  expireUndecided,
  findApproval,
  findAsked,
  insertApproval,
  lockApproval,
  settle,
  sleepUntilDeadline,
  withdrawPending,
} from './approval-store.ts';
import { scheduleNotices } from './notice-schedule.ts';
import { insertNotices } from './notice-store.ts';
import { settlementOf, timedOutStatus } from './settlement.ts';

/** How far the caller's idea of the deadline may run ahead of the database's clock. */
const EARLY_MS = 2_000;

/** Asks once a node and epoch: asked again, the same question with its first deadline comes back. */
export async function openApproval(
  trx: Knex.Transaction,
  approval: NewApproval,
): Promise<{ id: string; deadlineMs: number }> {
  await insertApproval(trx, approval);
  const asked = await findAsked(trx, approval);
  if (approval.telling) await insertNotices(trx, asked.id, scheduleNotices(approval.telling));
  return asked;
}

/** Undefined while the question is open. */
export async function readSettlement(knex: Knex, approvalId: string): Promise<Settlement | undefined> {
  const approval = await findApproval(knex, approvalId);
  if (!approval) throw missing(approvalId);
  return settlementOf(approval);
}

/**
 * Settles a question whose deadline has passed the way `onTimeout` says; a decision that came first wins and is returned.
 * Called up to two seconds early it waits for the database's clock; earlier than that is a CONFLICT.
 */
export async function expireApproval(trx: Knex.Transaction, approvalId: string): Promise<Settlement> {
  const passed = await sleepUntilDeadline(trx, approvalId, EARLY_MS);
  const locked = await lockApproval(trx, approvalId);
  if (!locked) throw missing(approvalId);
  const first = settlementOf(locked.approval);
  if (first) return first;
  if (!passed)
    throw new BreakwaterError('CONFLICT', `The deadline of ${approvalId} is ${locked.approval.deadline}, not yet.`);
  await expire(trx, locked.approval);
  return await settled(trx, approvalId);
}

// What nobody decided and an operator is to decide has no decision.
async function expire(trx: Knex.Transaction, approval: Approval): Promise<void> {
  const { onTimeout, draftEdits } = approval;
  if (onTimeout === 'ask') return await expireUndecided(trx, approval);
  const drafted = onTimeout === 'approve' && Object.keys(draftEdits).length > 0;
  const edits = drafted ? draftEdits : null;
  const made = { decision: onTimeout, by: null, via: 'timeout', reason: null, edits, form: null } as const;
  await settle(trx, approval, timedOutStatus(onTimeout), made);
}

/** Takes back every open question of a run that ends or turns round, or those of `nodes`: a later decision finds a CONFLICT. */
export async function withdrawApprovals(
  trx: Knex.Transaction,
  runId: string,
  nodes?: readonly string[],
): Promise<void> {
  await withdrawPending(trx, runId, nodes);
}

async function settled(trx: Knex.Transaction, approvalId: string): Promise<Settlement> {
  const settlement = await readSettlement(trx, approvalId);
  if (!settlement) throw new Error(`${approvalId} is still pending after it was settled`);
  return settlement;
}

function missing(approvalId: string): BreakwaterError {
  return new BreakwaterError('NOT_FOUND', `No approval "${approvalId}".`);
}
