// Approvals as people look at them: one, a list page by page, and the texts they may edit.
import type { Knex } from 'knex';
import { z } from 'zod';
import {
  BreakwaterError,
  decodeCursor,
  mergePatch,
  pageLimit,
  pageOfRows,
  type Json,
  type Page,
  type PageRequest,
} from '../kernel/index.ts';
import { timestampText } from '../postgres/index.ts';
import type { Approval, ApprovalActor, ApprovalStatus, ApprovalView } from './approval.ts';
import { findApproval, selectApprovals, type ListFilter } from './approval-store.ts';
import { selectOutputs } from './output-store.ts';
import { approverNames } from './settlement.ts';

const approvalPosition = z.object({ createdAt: timestampText, id: z.string().regex(/^apr_[0-9a-f-]{36}$/) });

export interface ApprovalFilter extends PageRequest {
  readonly status?: ApprovalStatus;
  readonly runId?: string;
  /** Only what this actor is asked; an admin is asked everything. */
  readonly mine?: ApprovalActor;
}

export async function listApprovals(knex: Knex, tenant: string, filter: ApprovalFilter): Promise<Page<ApprovalView>> {
  const { cursor, mine, ...same } = filter;
  const limit = pageLimit(filter.limit);
  const before = cursor === undefined ? undefined : decodeCursor(cursor, approvalPosition);
  const rows = await selectApprovals(knex, tenant, { ...same, ...askedOf(mine), before, limit: limit + 1 });
  const page = pageOfRows(rows, limit, ({ position }) => position);
  return { ...page, items: page.items.map(({ approval }) => viewOf(approval)) };
}

/** Throws NOT_FOUND for another tenant's approval too. */
export async function getApproval(knex: Knex, tenant: string, id: string): Promise<ApprovalView> {
  return viewOf(await loadApproval(knex, tenant, id));
}

/** What may be edited of one, as edits so far left it. */
export async function getContent(
  knex: Knex,
  tenant: string,
  id: string,
): Promise<readonly { readonly node: string; readonly output: Json }[]> {
  const outputs = await readEditableOutputs(knex, await loadApproval(knex, tenant, id));
  return [...outputs].map(([node, output]) => ({ node, output }));
}

/** With what the API does not show: tenant and the exact deadline. */
export async function loadApproval(knex: Knex, tenant: string, id: string): Promise<Approval> {
  const approval = await findApproval(knex, id);
  if (approval?.tenant !== tenant) throw new BreakwaterError('NOT_FOUND', `No approval "${id}".`);
  return approval;
}

/** The current output of each node the approver may edit, by node id, as edits so far left it. */
export async function readEditableOutputs(knex: Knex, approval: Approval): Promise<ReadonlyMap<string, Json>> {
  return editedOutputs(approval, await readOutputs(knex, approval));
}

/** As {@link readEditableOutputs}, before anybody edited: the same as long as the question is open. */
export async function readOutputs(
  knex: Knex,
  { runId, editable }: Pick<Approval, 'runId' | 'editable'>,
): Promise<ReadonlyMap<string, Json>> {
  return editable.length === 0 ? new Map() : await selectOutputs(knex, runId, editable);
}

/** What edits so far make of the outputs. Pure. */
export function editedOutputs(
  { draftEdits }: Pick<Approval, 'draftEdits'>,
  outputs: ReadonlyMap<string, Json>,
): ReadonlyMap<string, Json> {
  const edited = (node: string, output: Json): Json =>
    Object.hasOwn(draftEdits, node) ? mergePatch(output, draftEdits[node] ?? null) : output;
  return new Map([...outputs].map(([node, output]) => [node, edited(node, output)]));
}

function askedOf(actor: ApprovalActor | undefined): Pick<ListFilter, 'askedOf'> {
  if (!actor || actor.roles.includes('admin')) return {};
  return { askedOf: { names: approverNames(actor), except: actor.user } };
}

function viewOf(approval: Approval): ApprovalView {
  const { id, runId, node, status, title, body, approvers, quorum, approvals, changes } = approval;
  const { deadline, onTimeout, requester, editable, form, decisions } = approval;
  const asked = { title, body, approvers, quorum, approvals, changes, deadline, onTimeout, requester, editable, form };
  return { id, runId, node, status, ...asked, decisions };
}
