// What becomes of a notice that comes too late, twice, or for somebody who is asked no more: on a real database, where nothing is sent.
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getApproval, openApproval } from '../../src/approvals/index.ts';
import { deliverNotice, type DeliveryParts } from '../../src/approvals/notice-delivery.ts';
import { endNotice } from '../../src/approvals/notice-store.ts';
import type { Notice } from '../../src/approvals/notice.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { createTestDatabase } from '../support/database.ts';
import { aQuestion, insertWaitingRun } from './an-approval.ts';

const HOLDER = 'exec-ours';

let knex: Knex;
let parts: DeliveryParts;

beforeAll(async () => {
  knex = createKnex(await createTestDatabase('notice_delivery'), { max: 2, name: 'test' });
  const linkKeys = { current: 'link-key-of-this-test' };
  // Without tools: whatever would be sent fails as UNKNOWN_ACTION.
  const registry = createRegistry([], new Map());
  parts = { knex, registry, random: () => 0.5, linkKeys, linkBase: () => 'http://127.0.0.1', holder: HOLDER };
});

afterAll(async () => await knex.destroy());

const notices = () => knex.withSchema('breakwater').table('approval_notice');
const now = () => knex.raw('clock_timestamp()');

/** A notice that this process has taken to send, of an open question. */
async function taken(over: Partial<Notice> = {}): Promise<Notice> {
  const runId = await insertWaitingRun(knex);
  const { id: approvalId } = await knex.transaction((trx) => openApproval(trx, aQuestion({ runId })));
  const notice: Notice = {
    approvalId,
    ordinal: 1,
    kind: 'asked',
    tool: 'slack',
    target: '#reviews',
    approver: null,
    adds: null,
    replaces: null,
    attempt: 1,
    elapsedMs: 0,
    suspect: false,
    ...over,
  };
  const { kind, tool, target, approver, replaces } = notice;
  const adds = notice.adds && JSON.stringify(notice.adds);
  const row = { approval_id: approvalId, ordinal: 1, tenant: 'acme', kind, tool, target, approver, adds, replaces };
  await notices().insert({ ...row, state: 'sending', holder: HOLDER, attempt: 1, due_at: now() });
  return notice;
}

const escalation = {
  kind: 'escalation',
  tool: null,
  target: null,
  adds: { to: ['role:director'], notify: [] },
} as const;

async function settle({ approvalId }: Notice): Promise<void> {
  const approval = knex.withSchema('breakwater').table('approval').where({ id: approvalId });
  await approval.update({ status: 'approved', settled_at: now() });
}

async function eventsOf({ approvalId }: Notice): Promise<unknown[]> {
  const { runId } = await getApproval(knex, 'acme', approvalId);
  return await knex
    .withSchema('breakwater')
    .table('event')
    .where({ run_id: runId })
    .orderBy('id')
    .pluck<string[]>('kind');
}

const stateOf = async ({ approvalId, ordinal }: Notice): Promise<unknown> =>
  await notices().first('state', 'holder').where({ approval_id: approvalId, ordinal });

it('gives no link to who is asked no more', async () => {
  const mail = { tool: 'sendgrid', target: 'ann@example.com' } as const;

  const gone = await deliverNotice(parts, await taken({ ...mail, approver: 'user:gone' }));
  const nobody = await deliverNotice(parts, await taken({ ...mail, approver: null }));
  const asked = await deliverNotice(parts, await taken({ ...mail, approver: 'user:ann' }));

  expect([gone, nobody]).toEqual([{ state: 'dropped' }, { state: 'dropped' }]);
  expect(asked).toMatchObject({ state: 'failed', error: { code: 'UNKNOWN_ACTION' } });
});

it('asks nobody more once the question is settled', async () => {
  const notice = await taken(escalation);
  await settle(notice);

  expect(await deliverNotice(parts, notice)).toEqual({ state: 'dropped' });

  expect((await getApproval(knex, 'acme', notice.approvalId)).approvers).toEqual(['role:lead', 'user:ann']);
});

it('asks more people once, although two believe that it is theirs to do', async () => {
  const notice = await taken(escalation);

  const done = [await deliverNotice(parts, notice), await deliverNotice(parts, notice)];
  const late = await deliverNotice({ ...parts, holder: 'exec-before-us' }, notice);

  expect([...done, late]).toEqual([{ state: 'sent' }, { state: 'sent' }, { state: 'sent' }]);
  expect((await getApproval(knex, 'acme', notice.approvalId)).approvers).toEqual([
    'role:lead',
    'user:ann',
    'role:director',
  ]);
  expect(await eventsOf(notice)).toEqual(['approval.opened', 'approval.escalated']);
});

it('is ended by who sends it, and by nobody else', async () => {
  const notice = await taken();

  expect(await endNotice(knex, notice, 'exec-before-us', { state: 'sent' })).toBe(false);
  expect(await stateOf(notice)).toEqual({ state: 'sending', holder: HOLDER });
  expect(await endNotice(knex, notice, HOLDER, { state: 'sent' })).toBe(true);
  expect(await endNotice(knex, notice, HOLDER, { state: 'failed' })).toBe(false);

  expect(await stateOf(notice)).toEqual({ state: 'sent', holder: null });
});

it('replaces a message once it is there, and waits for one that is on its way', async () => {
  const asked = await taken();
  const replacement: Notice = { ...asked, ordinal: 2, kind: 'settled', replaces: 1 };
  await settle(asked);

  const early = await deliverNotice(parts, replacement);
  await endNotice(knex, asked, HOLDER, { state: 'failed' });
  const never = await deliverNotice(parts, replacement);

  expect(early).toMatchObject({ state: 'due', uncounted: true });
  expect(never).toEqual({ state: 'dropped' });
});
