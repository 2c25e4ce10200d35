// The table approval_notice: what people are to be told, who is sending it, and what became of it. Times are the database's.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Failure, Json, JsonObject } from '../kernel/index.ts';
import { NOTICE_KINDS, NOTICE_TOOLS } from './notice.ts';
import type { NewNotice, Notice } from './notice.ts';

/** On this channel executors are told that there is something to send. */
export const NOTICE_CHANNEL = 'breakwater_notice';

const channel = z.object({
  tool: z.enum(NOTICE_TOOLS),
  to: z.string(),
  as: z.string().optional(),
  problem: z.string().optional(),
});

const noticeRow = z
  .object({
    approval_id: z.string(),
    ordinal: z.number(),
    kind: z.enum(NOTICE_KINDS),
    tool: z.enum(NOTICE_TOOLS).nullable(),
    target: z.string().nullable(),
    approver: z.string().nullable(),
    adds: z.object({ to: z.array(z.string()), notify: z.array(channel) }).nullable(),
    replaces: z.number().nullable(),
    attempt: z.number(),
    elapsed_ms: z.number(),
    suspect: z.boolean(),
  })
  .transform(({ approval_id: approvalId, elapsed_ms: elapsedMs, ...rest }): Notice => ({
    approvalId,
    elapsedMs,
    ...rest,
  }));

/** Whose sender is gone: its executor holds no lease, so nothing of it begins any more. Ours is under way, unless it is not among these. */
const ORPHANED = `
  (case when n.holder = :holder then n.approval_id || ' ' || n.ordinal <> all(:underWay::text[])
        else not exists (select 1 from breakwater.executor e where e.id = n.holder and e.expires_at > clock_timestamp()) end)`;

/** Who looks, and what of theirs is under way, as `<approval> <ordinal>`. */
export interface Sender {
  readonly holder: string;
  readonly underWay: readonly string[];
}

/**
 * Writes notices behind those that the approval has, and wakes the executors for what is due now. Ones whose channel the run
 * could not make out have failed already. Asked again, an approval keeps those of the first time.
 */
export async function insertNotices(
  trx: Knex.Transaction,
  approvalId: string,
  notices: readonly NewNotice[],
  firstOrdinal = 0,
): Promise<void> {
  await trx.raw(
    `with added as (
       insert into breakwater.approval_notice (approval_id, ordinal, tenant, kind, tool, target, approver, adds, due_at,
                                               state, error, ended_at)
       select a.id, n.ordinal, a.tenant, n.kind, n.tool, n.target, n.approver, n.adds,
              n.due_at, case when n.error is null then 'due' else 'failed' end, n.error,
              case when n.error is not null then clock_timestamp() end
         from breakwater.approval a
         cross join lateral (
           select given.*, clock_timestamp() + given.after_ms * interval '1 millisecond' as due_at
             from jsonb_to_recordset(:notices) as given (ordinal int, kind text, tool text, target text, approver text, adds jsonb,
                                                         after_ms float8, error jsonb)) n
        where a.id = :approvalId
       on conflict (approval_id, ordinal) do nothing
       returning *
     ), told as (
       insert into breakwater.event (tenant, run_id, node, kind, data)
       select n.tenant, a.run_id, a.node, 'approval.notice_failed',
              jsonb_build_object('approval', n.approval_id, 'notice', n.kind, 'tool', n.tool, 'to', n.target, 'error', n.error)
         from added n join breakwater.approval a on a.id = n.approval_id
        where n.state = 'failed'
     )
     select pg_notify('${NOTICE_CHANNEL}', '') where exists (select 1 from added where state = 'due')`,
    { approvalId, notices: JSON.stringify(notices.map((notice, at) => rowOf(notice, firstOrdinal + at))) },
  );
}

function rowOf({ kind, afterMs, channel: to, adds, problem }: NewNotice, ordinal: number): JsonObject {
  const error = problem === undefined ? null : { code: 'EXPRESSION', message: problem };
  return {
    ordinal,
    kind,
    tool: to?.tool ?? null,
    target: to?.to ?? null,
    approver: to?.as ?? null,
    adds: adds === undefined ? null : asJson(adds),
    after_ms: afterMs,
    error,
  };
}

function asJson(value: object): Json {
  return z.json().parse(JSON.parse(JSON.stringify(value)));
}

/** Writes notices behind those that the approval has. Its row must be locked. */
export async function appendNotices(
  trx: Knex.Transaction,
  approvalId: string,
  notices: readonly NewNotice[],
): Promise<void> {
  const result = await trx.raw<{ rows: { next: number }[] }>(
    'select coalesce(max(ordinal) + 1, 0) as next from breakwater.approval_notice where approval_id = ?',
    [approvalId],
  );
  await insertNotices(trx, approvalId, notices, result.rows[0]?.next ?? 0);
}

/** Puts an open question to its channels at Slack once more: others are asked from now on. */
export async function tellAgain(trx: Knex.Transaction, approvalId: string): Promise<void> {
  await trx.raw('select breakwater.tell_again(?)', [approvalId]);
}

/** In how many milliseconds something is due, at most 0 when something is; undefined: nothing is to come. */
export async function nextDueMs(knex: Knex, sender: Sender): Promise<number | undefined> {
  const result = await knex.raw<{ rows: { due_in_ms: number | null; orphaned: boolean }[] }>(
    `select (select extract(epoch from min(n.due_at) - clock_timestamp())::float8 * 1000
               from breakwater.approval_notice n where n.state = 'due') as due_in_ms,
            exists (select 1 from breakwater.approval_notice n where n.state = 'sending' and ${ORPHANED}) as orphaned`,
    bindingsOf(sender),
  );
  const [row] = result.rows;
  return row?.orphaned ? 0 : (row?.due_in_ms ?? undefined);
}

/** Takes what is due for this process to send; a row is another's while it is locked, and ours once it says so. */
export async function takeDue(knex: Knex, sender: Sender, limit: number): Promise<Notice[]> {
  const result = await knex.raw<{ rows: unknown[] }>(
    `with next as (
       select n.approval_id, n.ordinal
         from breakwater.approval_notice n
        where (n.state = 'due' and n.due_at <= statement_timestamp()) or (n.state = 'sending' and ${ORPHANED})
        order by n.due_at, n.ordinal
        limit :limit
          for update skip locked)
     update breakwater.approval_notice n
        set state = 'sending', holder = :holder,
            suspect = n.suspect or n.state = 'sending',
            -- One that was cut short by the end of its process is done again, uncounted.
            attempt = n.attempt + (case when n.state = 'due' or n.attempt = 0 then 1 else 0 end),
            first_tried_at = coalesce(n.first_tried_at, clock_timestamp())
       from next
      where n.approval_id = next.approval_id and n.ordinal = next.ordinal
     returning n.approval_id, n.ordinal, n.kind, n.tool, n.target, n.approver, n.adds, n.replaces, n.attempt, n.suspect,
               extract(epoch from clock_timestamp() - n.first_tried_at)::float8 * 1000 as elapsed_ms`,
    { ...bindingsOf(sender), limit },
  );
  return z.array(noticeRow).parse(result.rows);
}

function bindingsOf({ holder, underWay }: Sender) {
  return { holder, underWay: [...underWay] };
}

/** The state of a notice and what its channel calls it. */
export async function findReplaced(
  knex: Knex,
  { approvalId, replaces }: Pick<Notice, 'approvalId' | 'replaces'>,
): Promise<{ state: string; externalId: string | null } | undefined> {
  const row: unknown = await knex
    .withSchema('breakwater')
    .table('approval_notice')
    .first('state', 'external_id')
    .where({ approval_id: approvalId, ordinal: replaces });
  if (row === undefined) return undefined;
  const { state, external_id: externalId } = z
    .object({ state: z.string(), external_id: z.string().nullable() })
    .parse(row);
  return { state, externalId };
}

export interface Ending {
  readonly state: 'sent' | 'failed' | 'dropped';
  readonly externalId?: string;
  readonly error?: Failure;
}

const EVENTS = { sent: 'approval.notified', failed: 'approval.notice_failed' } as const;

/** Ends what this process sends, and tells the run's history; false when it is another's by now. */
export async function endNotice(knex: Knex, notice: Notice, holder: string, ending: Ending): Promise<boolean> {
  const { state, externalId = null, error } = ending;
  const result = await knex.raw<{ rowCount: number }>(
    `with ended as (
       update breakwater.approval_notice
          set state = :state, holder = null, ended_at = clock_timestamp(), external_id = :externalId, error = :error,
              suspect = false
        where approval_id = :approvalId and ordinal = :ordinal and state = 'sending' and holder = :holder
       returning *
     ), told as (
       insert into breakwater.event (tenant, run_id, node, kind, data)
       select n.tenant, a.run_id, a.node, :event::text,
              jsonb_strip_nulls(jsonb_build_object('approval', n.approval_id, 'notice', n.kind, 'tool', n.tool, 'to', n.target,
                                                   'attempts', n.attempt, 'error', n.error))
         from ended n join breakwater.approval a on a.id = n.approval_id
        where :event::text is not null and n.tool is not null
     )
     select 1 from ended`,
    {
      approvalId: notice.approvalId,
      ordinal: notice.ordinal,
      holder,
      state,
      externalId,
      error: error === undefined ? null : JSON.stringify(error),
      event: state === 'dropped' ? null : EVENTS[state],
    },
  );
  return result.rowCount > 0;
}

export interface Delay {
  readonly inMs: number;
  readonly suspect: boolean;
  readonly uncounted?: boolean;
  readonly error?: Failure;
}

/** Gives back what this process sends, to be tried again after a while. */
export async function delayNotice(knex: Knex, notice: Notice, holder: string, delay: Delay): Promise<void> {
  const { inMs, suspect, uncounted = false, error } = delay;
  await knex.raw(
    `update breakwater.approval_notice
        set state = 'due', holder = null, suspect = :suspect, error = coalesce(:error, error),
            attempt = attempt - :uncounted::int,
            due_at = clock_timestamp() + :inMs * interval '1 millisecond'
      where approval_id = :approvalId and ordinal = :ordinal and state = 'sending' and holder = :holder`,
    {
      approvalId: notice.approvalId,
      ordinal: notice.ordinal,
      holder,
      suspect,
      uncounted: uncounted ? 1 : 0,
      inMs,
      error: error === undefined ? null : JSON.stringify(error),
    },
  );
}

/** Asks these people too. The approval's row must be locked and pending. */
export async function addApprovers(
  trx: Knex.Transaction,
  { id, tenant, runId, node }: { id: string; tenant: string; runId: string; node: string },
  added: readonly string[],
): Promise<void> {
  await trx.raw(
    `update breakwater.approval
        set approvers = (select jsonb_agg(name order by at)
                           from (select name, min(at) as at
                                   from jsonb_array_elements_text(approvers || ?::jsonb) with ordinality as asked (name, at)
                                  group by name) as everybody)
      where id = ?`,
    [JSON.stringify(added), id],
  );
  await trx
    .withSchema('breakwater')
    .table('event')
    .insert({
      tenant,
      run_id: runId,
      node,
      kind: 'approval.escalated',
      data: JSON.stringify({ approval: id, to: added }),
    });
}
