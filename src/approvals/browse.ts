// Approvals as people look at them: one, a list page by page, and the texts they may edit.
import type { Knex } from 'knex';
import { BreakwaterError, mergePatch, type Json } from '../kernel/index.ts';
import type { Approval, ApprovalActor, ApprovalStatus, ApprovalView } from './approval.ts';
import { findApproval, selectApprovals, type ListFilter } from './approval-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { selectOutputs } from './output-store.ts';
import { approverNames } from './settlement.ts';

export interface ApprovalFilter {
  readonly status?: ApprovalStatus;
  readonly runId?: string;
  /** Only what this actor is asked; an admin is asked everything. */
  readonly mine?: ApprovalActor;
  /** 1 to 200, default 50. */
  readonly limit?: number;
  readonly cursor?: string;
}

export async function listApprovals(
  knex: Knex,
  tenant: string,
  filter: ApprovalFilter,
): Promise<{ items: ApprovalView[]; nextCursor?: string }> {
  const { limit = 50, cursor, mine, ...same } = filter;
  const before = cursor === undefined ? undefined : decodeCursor(cursor);
  const rows = await selectApprovals(knex, tenant, { ...same, ...askedOf(mine), before, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map(({ approval }) => viewOf(approval));
  return rows.length > limit && last ? { items, nextCursor: encodeCursor(last.position) } : { items };
}

/** Throws NOT_FOUND for another tenant's approval too. */
export async function getApproval(knex: Knex, tenant: string, id: string): Promise<ApprovalView> {
  return viewOf(await loadApproval(knex, tenant, id));
}

/** With what the API does not show: requester, tenant and the exact deadline. */
export async function loadApproval(knex: Knex, tenant: string, id: string): Promise<Approval> {
  const approval = await findApproval(knex, id);
  if (approval?.tenant !== tenant) throw new BreakwaterError('NOT_FOUND', `No approval "${id}".`);
  return approval;
}

/** The current output of each node the approver may edit, by node id, as edits so far left it. */
export async function readEditableOutputs(knex: Knex, approval: Approval): Promise<ReadonlyMap<string, Json>> {
  if (approval.editable.length === 0) return new Map();
  const outputs = await selectOutputs(knex, approval.runId, approval.editable);
  const { draftEdits } = approval;
  const edited = (node: string, output: Json): Json =>
    Object.hasOwn(draftEdits, node) ? mergePatch(output, draftEdits[node] ?? null) : output;
  return new Map([...outputs].map(([node, output]) => [node, edited(node, output)]));
}

function askedOf(actor: ApprovalActor | undefined): Pick<ListFilter, 'askedOf'> {
  if (!actor || actor.roles.includes('admin')) return {};
  return { askedOf: { names: approverNames(actor), except: actor.user } };
}

function viewOf(approval: Approval): ApprovalView {
  const { id, runId, node, status, title, body, approvers, deadline, editable, form, decisions } = approval;
  return { id, runId, node, status, title, body, approvers, deadline, editable, form, decisions };
}
