import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decideApproval,
  expireApproval,
  getApproval,
  linkKeys,
  listApprovals,
  loadApproval,
  openApproval,
  readEditableOutputs,
  readSettlement,
  withdrawApprovals,
  type DecideRequest,
  type NewApproval,
} from '../../src/approvals/index.ts';
import { lockApproval } from '../../src/approvals/approval-store.ts';
import { until } from '../support/until.ts';
import { aQuestion, insertWaitingRun, messagesOf } from './an-approval.ts';
import { openDurableDatabase, type DurableDatabase } from './durable-database.ts';

const admin = { tenant: 'acme', user: 'root', roles: ['admin'] };
const ann = { tenant: 'acme', user: 'ann', roles: ['approver'] };

let database: DurableDatabase;
let knex: Knex;

beforeAll(async () => {
  database = await openDurableDatabase('approvals');
  knex = database.app;
});

afterAll(() => database.stop());

async function ask(over: Partial<NewApproval> = {}): Promise<{ id: string; runId: string; deadlineMs: number }> {
  const runId = await insertWaitingRun(knex, over.tenant);
  const opened = await knex.transaction((trx) => openApproval(trx, aQuestion({ runId, ...over })));
  return { ...opened, runId };
}

function decide(approvalId: string, over: Partial<DecideRequest> = {}): Promise<void> {
  const request = { actor: ann, approvalId, decision: 'approve', via: 'api', ...over } as const;
  return decideApproval(knex, request, () => []);
}

async function isWaitedFor(pid = 0): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(
    'select 1 from pg_stat_activity where ? = any(pg_blocking_pids(pid))',
    [pid],
  );
  return rows.length > 0;
}

async function eventsOf(runId: string): Promise<string[]> {
  const rows = await knex
    .withSchema('breakwater')
    .table('event')
    .select<{ kind: string }[]>('kind')
    .where('run_id', runId)
    .orderBy('id');
  return rows.map((row) => row.kind);
}

describe('openApproval', () => {
  it('gives the first question back when the node asks again', async () => {
    const { runId, id, deadlineMs } = await ask();

    const again = await knex.transaction((trx) => openApproval(trx, aQuestion({ runId, timeoutMs: 999_000 })));

    expect(again).toEqual({ id, deadlineMs });
    expect(await eventsOf(runId)).toEqual(['approval.opened']);
  });

  it('asks anew in another epoch', async () => {
    const { runId, id } = await ask();

    const again = await knex.transaction((trx) => openApproval(trx, aQuestion({ runId, epoch: 1 })));

    expect(again.id).not.toBe(id);
  });

  it('shows the question as the contract says', async () => {
    const { id, runId, deadlineMs } = await ask({ body: 'Please look.' });

    expect(await getApproval(knex, 'acme', id)).toEqual({
      id,
      runId,
      node: 'review',
      status: 'pending',
      title: 'Ship it?',
      body: 'Please look.',
      approvers: ['role:lead', 'user:ann'],
      quorum: 1,
      approvals: 0,
      changes: null,
      deadline: new Date(deadlineMs).toISOString(),
      onTimeout: 'reject',
      requester: 'sam',
      editable: ['write.draft'],
      form: null,
      decisions: [],
    });
  });
});

describe('decideApproval', () => {
  it('settles the question, wakes the run and leaves a trace, all at once', async () => {
    const { id, runId } = await ask({ form: { type: 'object' } });
    const edits = { 'write.draft': { headline: 'Better' } };

    await decide(id, { edits, reason: 'good', form: { ok: true } });

    expect(await readSettlement(knex, id)).toMatchObject({
      status: 'approved',
      decision: 'approve',
      by: 'ann',
      reason: 'good',
      edits,
      form: { ok: true },
    });
    expect(await messagesOf(knex, runId)).toMatchObject([{ topic: '_:review:0' }]);
    expect(await eventsOf(runId)).toEqual(['approval.opened', 'approval.decided']);
    const audit = await knex.withSchema('breakwater').table('audit').where({ subject: id });
    expect(audit).toMatchObject([{ actor: 'ann', action: 'approval.approve', tenant: 'acme' }]);
  });

  it('takes exactly one of twenty decisions that come together', async () => {
    const { id, runId } = await ask();
    const attempts = Array.from({ length: 20 }, (_, index) =>
      decide(id, { decision: index % 2 ? 'approve' : 'reject' }),
    );

    const results = await Promise.allSettled(attempts);

    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
    }
    expect(await messagesOf(knex, runId)).toHaveLength(1);
    expect((await getApproval(knex, 'acme', id)).decisions).toHaveLength(1);
  });

  it('waits for a decision that is being made, and then sees it', async () => {
    const { id, runId } = await ask();

    const second = await knex.transaction(async (trx) => {
      await lockApproval(trx, id);
      const { rows } = await trx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
      const waiting = Promise.allSettled([decide(id, { actor: admin })]);
      await until(async () => await isWaitedFor(rows[0]?.pid), { what: 'the second decision to wait' });
      await withdrawApprovals(trx, runId);
      return { waiting };
    });

    expect(await second.waiting).toMatchObject([{ status: 'rejected', reason: { code: 'CONFLICT' } }]);
    expect(await readSettlement(knex, id)).toMatchObject({ status: 'withdrawn' });
  });

  it('answers GONE after the deadline on the database clock, and nothing changes', async () => {
    const { id, runId } = await ask({ timeoutMs: 0 });

    await expect(decide(id)).rejects.toMatchObject({ code: 'GONE' });

    expect(await readSettlement(knex, id)).toBeUndefined();
    expect(await messagesOf(knex, runId)).toEqual([]);
  });

  it('answers FORBIDDEN to a stranger and NOT_FOUND to another tenant', async () => {
    const { id } = await ask();

    await expect(decide(id, { actor: { ...ann, user: 'eve' } })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(decide(id, { actor: { tenant: 'rival', user: 'ann', roles: ['admin'] } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await readSettlement(knex, id)).toBeUndefined();
  });

  it('refuses an edit outside the editable nodes together with every other problem', async () => {
    const { id } = await ask();
    const request = {
      actor: ann,
      approvalId: id,
      decision: 'approve',
      via: 'api',
      edits: { 'pay.charge': {} },
    } as const;

    const attempt = decideApproval(knex, request, () => [{ path: '/form', message: 'Missing.' }]);

    await expect(attempt).rejects.toMatchObject({
      code: 'INVALID',
      problems: [{ path: '/edits/pay.charge' }, { path: '/form' }],
    });
    expect(await readSettlement(knex, id)).toBeUndefined();
  });
});

describe('expireApproval', () => {
  it('expires a question that rejects on timeout', async () => {
    const { id } = await ask({ timeoutMs: 0 });

    const settlement = await knex.transaction((trx) => expireApproval(trx, id));

    expect(settlement).toMatchObject({ status: 'expired', decision: 'reject', by: null });
    await expect(decide(id)).rejects.toMatchObject({ code: 'GONE' });
  });

  it('approves a question that approves on timeout', async () => {
    const { id } = await ask({ timeoutMs: 0, onTimeout: 'approve' });

    const settlement = await knex.transaction((trx) => expireApproval(trx, id));

    expect(settlement).toMatchObject({ status: 'approved', decision: 'approve', by: null });
  });

  it('gives back the decision that came first', async () => {
    const { id } = await ask();
    await decide(id, { decision: 'reject', reason: 'no' });

    expect(await knex.transaction((trx) => expireApproval(trx, id))).toMatchObject({
      status: 'rejected',
      by: 'ann',
      reason: 'no',
    });
  });

  it('waits for the database clock when it is called a little early', async () => {
    const { id, deadlineMs } = await ask({ timeoutMs: 300 });

    const settlement = await knex.transaction((trx) => expireApproval(trx, id));

    expect(settlement.status).toBe('expired');
    expect(Date.parse(settlement.at)).toBeGreaterThanOrEqual(deadlineMs);
  });

  it('refuses to expire a question long before its deadline', async () => {
    const { id } = await ask();

    await expect(knex.transaction((trx) => expireApproval(trx, id))).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('settles a race between decision and deadline once', async () => {
    const { id } = await ask({ timeoutMs: 150 });

    const [decided, expired] = await Promise.allSettled([
      decide(id),
      knex.transaction((trx) => expireApproval(trx, id)),
    ]);

    const settlement = await readSettlement(knex, id);
    expect(settlement?.status).toBe(decided.status === 'fulfilled' ? 'approved' : 'expired');
    expect(expired).toMatchObject({ status: 'fulfilled', value: settlement });
  });
});

describe('withdrawApprovals', () => {
  it('takes back what is open and leaves what is decided', async () => {
    const { id, runId } = await ask();
    const second = await knex.transaction((trx) => openApproval(trx, aQuestion({ runId, node: 'second' })));
    await decide(id);

    await knex.transaction((trx) => withdrawApprovals(trx, runId));

    expect(await readSettlement(knex, id)).toMatchObject({ status: 'approved' });
    expect(await readSettlement(knex, second.id)).toMatchObject({ status: 'withdrawn', decision: null });
    await expect(decide(second.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('listApprovals', () => {
  it('pages newest first without gap or repeat', async () => {
    const tenant = 'pages';
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.unshift((await ask({ tenant })).id);

    const first = await listApprovals(knex, tenant, { limit: 2 });
    const second = await listApprovals(knex, tenant, { limit: 2, cursor: first.nextCursor });
    const third = await listApprovals(knex, tenant, { limit: 2, cursor: second.nextCursor });

    expect([first, second, third].flatMap((page) => page.items.map((item) => item.id))).toEqual(ids);
    expect(third.nextCursor).toBeUndefined();
  });

  it('lists as mine what asks me or a role of mine, but not my own run', async () => {
    const tenant = 'mine';
    const named = await ask({ tenant, approvers: ['user:ann'] });
    const byRole = await ask({ tenant, approvers: ['role:lead'] });
    await ask({ tenant, approvers: ['user:bob'] });
    await ask({ tenant, approvers: ['user:ann'], requester: 'ann' });

    const page = await listApprovals(knex, tenant, { mine: { tenant, user: 'ann', roles: ['lead'] } });
    const everything = await listApprovals(knex, tenant, { mine: { tenant, user: 'root', roles: ['admin'] } });

    expect(page.items.map((item) => item.id)).toEqual([byRole.id, named.id]);
    expect(everything.items).toHaveLength(4);
  });

  it('filters by status and keeps tenants apart', async () => {
    const tenant = 'states';
    const { id } = await ask({ tenant });
    await ask({ tenant });
    await decide(id, { actor: { ...ann, tenant } });

    const approved = await listApprovals(knex, tenant, { status: 'approved' });

    expect(approved.items.map((item) => item.id)).toEqual([id]);
    expect((await listApprovals(knex, 'nobody', {})).items).toEqual([]);
    await expect(getApproval(knex, 'nobody', id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['', 'x', Buffer.from('["now","apr_1"]').toString('base64url')])('refuses the cursor %j', async (cursor) => {
    await expect(listApprovals(knex, 'acme', { cursor })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('readEditableOutputs', () => {
  it('reads the latest committed value of each editable node', async () => {
    const { id, runId } = await ask();
    const outcome = (value: string) => JSON.stringify({ json: { outcome: { ok: true, value } } });
    await database.owner
      .withSchema('dbos')
      .table('operation_outputs')
      .insert([
        { workflow_uuid: runId, function_id: 4097, function_name: 'write.draft', output: outcome('old') },
        { workflow_uuid: runId, function_id: 4098, function_name: 'write.draft', output: outcome('new') },
        { workflow_uuid: runId, function_id: 9000, function_name: 'pay.charge', output: outcome('secret') },
      ]);

    const outputs = await readEditableOutputs(knex, await loadApproval(knex, 'acme', id));

    expect([...outputs]).toEqual([['write.draft', 'new']]);
  });
});

describe('linkKeys', () => {
  it('makes one key for all executors, however many come at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => linkKeys(knex, {})));

    expect(new Set(made.map((keys) => keys.current)).size).toBe(1);
    expect(made[0]?.current.length).toBeGreaterThanOrEqual(32);
  });

  it('prefers what is configured', async () => {
    expect(await linkKeys(knex, { current: 'mine', previous: 'older' })).toEqual({
      current: 'mine',
      previous: 'older',
    });
  });
});
