// The tables approval and approval_decision. Times are the database's.
import type { Knex } from 'knex';
import { z } from 'zod';
import { uuidv7, type Json, type JsonObject } from '../kernel/index.ts';
import { ANSWER_WAYS, APPROVAL_STATUSES, DECISIONS, TIMEOUT_VERDICTS } from './approval.ts';
import type { Approval, ApprovalStatus, DecisionRecord, NewApproval } from './approval.ts';

const json = z.custom<Json>();
const instant = z.date().transform((date) => date.toISOString());
const names = z.array(z.string());

const decisionRow = z.object({
  decision: z.enum(DECISIONS),
  by: z.string(),
  via: z.enum([...ANSWER_WAYS, 'timeout']),
  reason: z.string().nullable(),
  edits: json,
  form: json,
  at: z.string(),
});

const approvalRow = z.object({
  id: z.string(),
  tenant: z.string(),
  run_id: z.string(),
  node: z.string(),
  status: z.enum(APPROVAL_STATUSES),
  title: z.string(),
  body: z.string().nullable(),
  approvers: names,
  requester: z.string(),
  allow_requester: z.boolean(),
  quorum: z.number(),
  on_timeout: z.enum(TIMEOUT_VERDICTS),
  changes: z.object({ to: z.string().nullable(), max: z.number().nullable() }).nullable(),
  changes_made: z.number(),
  editable: names,
  edit_schemas: z.record(z.string(), z.custom<JsonObject>()).nullable(),
  form: z.custom<JsonObject | null>(),
  topic: z.string(),
  draft_edits: z.record(z.string(), json).nullable(),
  deadline: z.date(),
  settled_at: instant.nullable(),
  withdrawn_by: z.string().nullable(),
  withdrawn_reason: z.string().nullable(),
  decisions: z.array(decisionRow),
});

/** Who decides when nobody does; no key's user has this name. */
const BY_TIMEOUT = '';

const HISTORY = `
  (select count(*)::int
     from breakwater.approval asked join breakwater.approval_decision d on d.approval_id = asked.id
    where asked.run_id = a.run_id and asked.node = a.node and d.decision = 'request_changes') as changes_made,
  coalesce((select jsonb_agg(jsonb_build_object('decision', d.decision, 'by', d.decided_by, 'via', d.via, 'reason', d.reason,
                                                'edits', d.edits, 'form', d.form,
                                                'at', to_char(d.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                             order by d.at)
              from breakwater.approval_decision d
             where d.approval_id = a.id), '[]') as decisions`;

/** Inserts the question and tells the run's history, unless this node has asked it already in this epoch. */
export async function insertApproval(trx: Knex.Transaction, approval: NewApproval): Promise<void> {
  await trx.raw(
    `with opened as (
       insert into breakwater.approval (id, tenant, run_id, node, epoch, title, body, approvers, requester, allow_requester,
                                        quorum, on_timeout, changes, editable, edit_schemas, form, topic, deadline)
       values (:id, :tenant, :runId, :node, :epoch, :title, :body, :approvers, :requester, :allowRequester,
               :quorum, :onTimeout, :changes, :editable, :editSchemas, :form, :topic, clock_timestamp() + :timeoutMs * interval '1 millisecond')
       on conflict (run_id, node, epoch) do nothing
       returning *)
     insert into breakwater.event (tenant, run_id, node, kind, data)
     select tenant, run_id, node, 'approval.opened', jsonb_build_object('approval', id, 'deadline', deadline) from opened`,
    {
      ...approval,
      id: `apr_${uuidv7(Date.now())}`,
      body: approval.body ?? null,
      quorum: approval.quorum ?? 1,
      changes: approval.changes === undefined ? null : JSON.stringify(approval.changes),
      approvers: JSON.stringify(approval.approvers),
      editable: JSON.stringify(approval.editable),
      editSchemas: approval.editSchemas === undefined ? null : JSON.stringify(approval.editSchemas),
      form: approval.form === undefined ? null : JSON.stringify(approval.form),
    },
  );
}

export async function findAsked(
  knex: Knex,
  asked: Pick<NewApproval, 'runId' | 'node' | 'epoch'>,
): Promise<{ id: string; deadlineMs: number }> {
  const row: unknown = await knex
    .withSchema('breakwater')
    .table('approval')
    .first('id', 'deadline')
    .where({ run_id: asked.runId, node: asked.node, epoch: asked.epoch });
  const { id, deadline } = z.object({ id: z.string(), deadline: z.date() }).parse(row);
  return { id, deadlineMs: deadline.getTime() };
}

export async function findApproval(knex: Knex, id: string): Promise<Approval | undefined> {
  const result = await knex.raw<{ rows: unknown[] }>(
    `select a.*, ${HISTORY} from breakwater.approval a where a.id = ?`,
    [id],
  );
  return result.rows[0] === undefined ? undefined : toApproval(result.rows[0]);
}

/**
 * Locks the approval, so that of any number of decisions and the timeout exactly one sees it pending.
 * `nowMs` is the database's clock read after the lock was granted, not when it was asked for.
 * The run comes first, as in every transaction that locks a run and then its approvals: the other order could deadlock,
 * because the event that tells of the decision refers to the run.
 */
export async function lockApproval(
  trx: Knex.Transaction,
  id: string,
): Promise<{ approval: Approval; nowMs: number } | undefined> {
  await trx.raw(
    'select 1 from breakwater.run where id = (select run_id from breakwater.approval where id = ?) for key share',
    [id],
  );
  const locked = await trx.raw<{ rowCount: number }>('select 1 from breakwater.approval where id = ? for update', [id]);
  if (locked.rowCount === 0) return undefined;
  const result = await trx.raw<{ rows: unknown[] }>(
    `select a.*, ${HISTORY}, clock_timestamp() as now from breakwater.approval a where a.id = ?`,
    [id],
  );
  const { now } = z.object({ now: z.date() }).parse(result.rows[0]);
  return { approval: toApproval(result.rows[0]), nowMs: now.getTime() };
}

/** Writes the decision and the state it settles, and tells the run's history. The row must be locked and pending. */
export async function settle(
  trx: Knex.Transaction,
  approval: Approval,
  status: ApprovalStatus,
  made: Omit<DecisionRecord, 'at'>,
): Promise<void> {
  await insertDecision(trx, approval, made);
  await saveStatus(trx, approval, { status });
  const { decision, by, via, reason } = made;
  await insertEvent(trx, approval, 'approval.decided', { decision, by, via, reason });
}

/** The deadline passed, and an operator is to decide what becomes of the run. The row must be locked and pending. */
export async function expireUndecided(trx: Knex.Transaction, approval: Approval): Promise<void> {
  await saveStatus(trx, approval, { status: 'expired' });
  await insertEvent(trx, approval, 'approval.expired', {});
}

/** One approval of several that are needed: later approvers see its edits. The row must be locked and pending. */
export async function insertVote(
  trx: Knex.Transaction,
  approval: Approval,
  made: Omit<DecisionRecord, 'at'>,
): Promise<void> {
  await insertDecision(trx, approval, made);
  await saveQuestion(trx, approval, { draft_edits: storedJson(made.edits) });
  const { decision, by, via, reason } = made;
  const given = { approvals: approval.approvals + 1, quorum: approval.quorum };
  await insertEvent(trx, approval, 'approval.voted', { decision, by, via, reason, ...given });
}

/** The question is taken back by somebody. The row must be locked and pending. */
export async function insertWithdrawal(
  trx: Knex.Transaction,
  approval: Approval,
  { by, reason }: { readonly by: string; readonly reason: string | null },
): Promise<void> {
  await saveStatus(trx, approval, { status: 'withdrawn', withdrawn_by: by, withdrawn_reason: reason });
  await insertEvent(trx, approval, 'approval.withdrawn', { by, reason });
}

/** Others are asked from now on. The row must be locked and pending. */
export async function insertReassignment(
  trx: Knex.Transaction,
  approval: Approval,
  made: { readonly by: string; readonly reason: string | null; readonly approvers: readonly string[] },
): Promise<void> {
  const { by, reason, approvers: to } = made;
  await saveQuestion(trx, approval, { approvers: JSON.stringify(to) });
  await insertEvent(trx, approval, 'approval.reassigned', { by, reason, from: approval.approvers, to });
}

/** An answer that was not taken. */
export async function insertRefusedAnswer(
  trx: Knex.Transaction,
  approval: Approval,
  kind: 'approval.answered_late' | 'approval.answered_again',
  answer: Pick<DecisionRecord, 'decision' | 'by' | 'via' | 'reason'>,
): Promise<void> {
  await insertEvent(trx, approval, kind, { ...answer });
}

/** What somebody did, or tried. */
export async function insertAudit(
  trx: Knex.Transaction,
  approval: Approval,
  { actor, action, data }: { readonly actor: string; readonly action: string; readonly data: JsonObject },
): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('audit')
    .insert({
      tenant: approval.tenant,
      actor,
      action,
      subject: approval.id,
      data: JSON.stringify({ runId: approval.runId, node: approval.node, ...data }),
    });
}

/** Replaces the open question's edits, and tells the run's history who edited which nodes. The row must be locked and pending. */
export async function insertAmendment(
  trx: Knex.Transaction,
  approval: Approval,
  by: string,
  edits: Readonly<Record<string, Json>>,
): Promise<void> {
  await saveQuestion(trx, approval, { draft_edits: JSON.stringify(edits) });
  await insertEvent(trx, approval, 'approval.amended', { by, nodes: Object.keys(edits) });
}

/** Every question of the run, or of these nodes, that is still open. A decision under way holds its row's lock and comes first. */
export async function withdrawPending(trx: Knex.Transaction, runId: string, nodes?: readonly string[]): Promise<void> {
  const wanted = nodes ? [...nodes] : null;
  await trx.raw(
    `with withdrawn as (
       update breakwater.approval
          set status = 'withdrawn', settled_at = clock_timestamp()
        where run_id = ? and status = 'pending' and (?::text[] is null or node = any(?))
       returning *)
     insert into breakwater.event (tenant, run_id, node, kind, data)
     select tenant, run_id, node, 'approval.withdrawn', jsonb_build_object('approval', id) from withdrawn`,
    [runId, wanted, wanted],
  );
}

/** Sleeps in the database until the deadline if it is at most `limitMs` away; true once it has passed. Takes no lock. */
export async function sleepUntilDeadline(trx: Knex.Transaction, id: string, limitMs: number): Promise<boolean> {
  const result = await trx.raw<{ rows: { passed: boolean }[] }>(
    `with due as materialized (
       select deadline, pg_sleep(least(greatest(extract(epoch from deadline - clock_timestamp()), 0), ?::float8 / 1000))
         from breakwater.approval
        where id = ?)
     select deadline <= clock_timestamp() as passed from due`,
    [limitMs, id],
  );
  return result.rows[0]?.passed ?? false;
}

export interface ListFilter {
  readonly status?: ApprovalStatus;
  readonly runId?: string;
  /** Only what one of these names is asked; `except` is left out unless the requester may decide. */
  readonly askedOf?: { readonly names: readonly string[]; readonly except: string };
  readonly before?: { readonly createdAt: string; readonly id: string };
  readonly limit: number;
}

/** Newest first; `position` is where a next page begins after that row. */
export async function selectApprovals(
  knex: Knex,
  tenant: string,
  filter: ListFilter,
): Promise<{ approval: Approval; position: { createdAt: string; id: string } }[]> {
  const { status, runId, askedOf, before, limit } = filter;
  const query = knex
    .withSchema('breakwater')
    .table('approval as a')
    .select('a.*', knex.raw(HISTORY), knex.raw('a.created_at::text as position'))
    .where('a.tenant', tenant);
  if (status !== undefined) void query.where('a.status', status);
  if (runId !== undefined) void query.where('a.run_id', runId);
  if (askedOf) void query.whereRaw('a.approvers \\?| ?::text[]', [[...askedOf.names]]);
  if (askedOf) void query.whereRaw('(a.allow_requester or a.requester <> ?)', [askedOf.except]);
  if (before) void query.whereRaw('(a.created_at, a.id) < (?::timestamptz, ?)', [before.createdAt, before.id]);
  const rows: unknown[] = await query.orderByRaw('a.created_at desc, a.id desc').limit(limit);
  return rows.map((row) => {
    const { position, id } = z.object({ position: z.string(), id: z.string() }).parse(row);
    return { approval: toApproval(row), position: { createdAt: position, id } };
  });
}

async function insertDecision(
  trx: Knex.Transaction,
  approval: Approval,
  { decision, by, via, reason, edits, form }: Omit<DecisionRecord, 'at'>,
): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('approval_decision')
    .insert({
      approval_id: approval.id,
      tenant: approval.tenant,
      decision,
      decided_by: by ?? BY_TIMEOUT,
      via,
      reason,
      edits: storedJson(edits),
      form: storedJson(form),
    });
}

async function saveStatus(
  trx: Knex.Transaction,
  approval: Approval,
  change: {
    readonly status: ApprovalStatus;
    readonly withdrawn_by?: string;
    readonly withdrawn_reason?: string | null;
  },
): Promise<void> {
  await saveQuestion(trx, approval, { ...change, settled_at: trx.raw('clock_timestamp()') });
}

async function saveQuestion(
  trx: Knex.Transaction,
  { id }: Approval,
  change: Readonly<Record<string, string | null | Knex.Raw>>,
): Promise<void> {
  await trx.withSchema('breakwater').table('approval').where({ id }).update(change);
}

async function insertEvent(trx: Knex.Transaction, approval: Approval, kind: string, data: JsonObject): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('event')
    .insert({
      tenant: approval.tenant,
      run_id: approval.runId,
      node: approval.node,
      kind,
      data: JSON.stringify({ approval: approval.id, ...data }),
    });
}

function storedJson(value: Json): string | null {
  return value === null ? null : JSON.stringify(value);
}

function toApproval(row: unknown): Approval {
  const parsed = approvalRow.parse(row);
  const decisions = parsed.decisions.map((made) => ({ ...made, by: made.via === 'timeout' ? null : made.by }));
  const { withdrawn_by: by, withdrawn_reason: reason } = parsed;
  return {
    id: parsed.id,
    tenant: parsed.tenant,
    runId: parsed.run_id,
    node: parsed.node,
    status: parsed.status,
    title: parsed.title,
    body: parsed.body,
    approvers: parsed.approvers,
    requester: parsed.requester,
    allowRequester: parsed.allow_requester,
    quorum: parsed.quorum,
    approvals: decisions.filter((made) => made.decision === 'approve' && made.via !== 'timeout').length,
    onTimeout: parsed.on_timeout,
    changes: parsed.changes && { ...parsed.changes, made: parsed.changes_made },
    editSchemas: parsed.edit_schemas ?? {},
    editable: parsed.editable,
    form: parsed.form,
    topic: parsed.topic,
    draftEdits: parsed.draft_edits ?? {},
    deadline: parsed.deadline.toISOString(),
    deadlineMs: parsed.deadline.getTime(),
    settledAt: parsed.settled_at,
    withdrawal: by === null ? null : { by, reason },
    decisions,
  };
}
