import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  editProblems,
  formProblems,
  judgeDecision,
  judgeOpen,
  judgeReassignment,
  judgeVoter,
  settlementOf,
  timedOutStatus,
  mergeEdits,
} from '../../src/approvals/settlement.ts';
import { aDecision, anApproval } from './an-approval.ts';

const ann = { tenant: 'acme', user: 'ann', roles: ['approver'] };
const early = anApproval().deadlineMs - 1;

describe('judgeOpen', () => {
  it('lets an open question be changed or taken back until its deadline, and no settled one', () => {
    const { deadlineMs } = anApproval();

    expect(judgeOpen(anApproval(), deadlineMs - 1)).toEqual({ allowed: true });
    expect(judgeOpen(anApproval(), deadlineMs)).toMatchObject({ code: 'GONE' });
    expect(judgeOpen(anApproval({ status: 'rejected', settledAt: 'x' }), early)).toMatchObject({ code: 'CONFLICT' });
  });

  it('lets nobody but operators and those who are asked ask others', () => {
    const as = (user: string, role: string) =>
      judgeReassignment(anApproval(), { tenant: 'acme', user, roles: [role] }, early);

    expect([as('eve', 'operator'), as('ann', 'approver'), as('lou', 'lead')]).toEqual(
      Array.from({ length: 3 }, () => ({ allowed: true })),
    );
    expect(as('eve', 'approver')).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('judgeDecision', () => {
  it('allows a user who is asked by name', () => {
    expect(judgeDecision(anApproval(), ann, early)).toEqual({ allowed: true });
  });

  it('allows a user who holds a role that is asked', () => {
    const lead = { tenant: 'acme', user: 'lou', roles: ['approver', 'lead'] };

    expect(judgeDecision(anApproval(), lead, early)).toEqual({ allowed: true });
  });

  it('refuses a user whose name equals a role that is asked', () => {
    const impostor = { tenant: 'acme', user: 'lead', roles: ['approver'] };

    expect(judgeDecision(anApproval(), impostor, early)).toMatchObject({ allowed: false, code: 'FORBIDDEN' });
  });

  it('refuses whoever is not asked, before saying anything about the state', () => {
    const stranger = { tenant: 'acme', user: 'eve', roles: ['approver'] };
    const states = [anApproval(), anApproval({ status: 'approved', settledAt: 'x', decisions: [aDecision()] })];

    for (const approval of states) {
      expect(judgeDecision(approval, stranger, early)).toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  it('refuses the requester unless the definition allows it', () => {
    const sam = { tenant: 'acme', user: 'sam', roles: ['lead'] };

    expect(judgeDecision(anApproval(), sam, early)).toMatchObject({ code: 'FORBIDDEN' });
    expect(judgeDecision(anApproval({ allowRequester: true }), sam, early)).toEqual({ allowed: true });
  });

  it('allows an admin, asked or not, requester or not', () => {
    const admin = { tenant: 'acme', user: 'sam', roles: ['admin'] };

    expect(judgeDecision(anApproval({ approvers: [] }), admin, early)).toEqual({ allowed: true });
  });

  it('takes one approval of several from nobody whose name is not known', () => {
    const holder = { ...ann, isUnnamed: true };

    expect(judgeVoter({ quorum: 1 }, holder)).toEqual({ allowed: true });
    expect(judgeVoter({ quorum: 2 }, ann)).toEqual({ allowed: true });
    expect(judgeVoter({ quorum: 2 }, holder)).toMatchObject({ allowed: false, code: 'FORBIDDEN' });
  });

  it('answers CONFLICT once a person has decided, even after the deadline', () => {
    const approval = anApproval({ status: 'rejected', settledAt: 'x', decisions: [aDecision({ decision: 'reject' })] });

    expect(judgeDecision(approval, ann, early)).toEqual({
      allowed: false,
      code: 'CONFLICT',
      reason: 'Already rejected by ann.',
    });
    expect(judgeDecision(approval, ann, approval.deadlineMs + 1)).toMatchObject({ code: 'CONFLICT' });
  });

  it('answers CONFLICT once the question was withdrawn', () => {
    const approval = anApproval({ status: 'withdrawn', settledAt: 'x' });

    expect(judgeDecision(approval, ann, early)).toMatchObject({ code: 'CONFLICT' });
  });

  it('answers GONE from the very instant of the deadline', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10_000, max: 10_000 }), (offsetMs) => {
        const approval = anApproval();
        const verdict = judgeDecision(approval, ann, approval.deadlineMs + offsetMs);
        expect(verdict.allowed ? 'allowed' : verdict.code).toBe(offsetMs < 0 ? 'allowed' : 'GONE');
      }),
    );
  });

  it('answers GONE once the deadline itself has decided, whichever way', () => {
    const byTimeout = aDecision({ by: null, via: 'timeout' });
    const expired = anApproval({
      status: 'expired',
      settledAt: 'x',
      decisions: [aDecision({ ...byTimeout, decision: 'reject' })],
    });
    const approved = anApproval({ status: 'approved', settledAt: 'x', decisions: [byTimeout] });

    expect(judgeDecision(expired, ann, early)).toMatchObject({ code: 'GONE' });
    expect(judgeDecision(approved, ann, early)).toMatchObject({ code: 'GONE' });
  });
});

describe('editProblems', () => {
  it('accepts edits of editable nodes with an approval', () => {
    expect(editProblems(anApproval(), 'approve', { 'write.draft': { title: 'x' } })).toEqual([]);
  });

  it('names each node that is not editable and what is', () => {
    const problems = editProblems(anApproval(), 'approve', { 'pay.charge': {}, 'write.draft': {} });

    expect(problems).toEqual([
      { path: '/edits/pay.charge', message: '"pay.charge" is not editable here; editable: write.draft.' },
    ]);
  });

  it('refuses edits with a rejection', () => {
    expect(editProblems(anApproval(), 'reject', { 'write.draft': {} })).toHaveLength(1);
  });
});

describe('formProblems', () => {
  const approval = anApproval({ form: { type: 'object' } });

  it('asks an approval for the form, and a rejection for nothing', () => {
    expect(formProblems(approval, 'approve', null)).toMatchObject([{ path: '/form' }]);
    expect(formProblems(approval, 'approve', {})).toEqual([]);
    expect(formProblems(approval, 'reject', null)).toEqual([]);
    expect(formProblems(anApproval(), 'approve', null)).toEqual([]);
  });
});

describe('settlementOf', () => {
  it('is undefined while the question is open', () => {
    expect(settlementOf(anApproval())).toBeUndefined();
  });

  it('tells decision, person, reason and edits', () => {
    const edits = { 'write.draft': { title: 'x' } };
    const approval = anApproval({
      status: 'approved',
      settledAt: 'x',
      decisions: [aDecision({ reason: 'fine', edits })],
    });

    expect(settlementOf(approval)).toEqual({
      status: 'approved',
      decision: 'approve',
      by: 'ann',
      at: '2026-01-01T00:00:00.000Z',
      reason: 'fine',
      edits,
      form: null,
    });
  });

  it('has no decision when the question was withdrawn', () => {
    const settlement = settlementOf(anApproval({ status: 'withdrawn', settledAt: '2026-01-01T00:00:00.000Z' }));

    expect(settlement).toMatchObject({ status: 'withdrawn', decision: null, by: null });
  });
});

describe('timedOutStatus', () => {
  it('expires when a timeout rejects and approves when it approves', () => {
    expect(timedOutStatus('reject')).toBe('expired');
    expect(timedOutStatus('approve')).toBe('approved');
  });
});

describe('mergeEdits', () => {
  it('lays later edits over earlier ones, node by node and member by member', () => {
    const earlier = { draft: { body: 'a', meta: { tone: 'warm', length: 3 } }, plan: { x: 1 } };

    expect(mergeEdits(earlier, { draft: { body: 'b', meta: { length: 4 } } })).toEqual({
      draft: { body: 'b', meta: { tone: 'warm', length: 4 } },
      plan: { x: 1 },
    });
  });

  it('keeps a removal as one, for it is still to be applied', () => {
    expect(mergeEdits({ draft: { body: 'a' } }, { draft: { body: null } })).toEqual({ draft: { body: null } });
  });
});
