// How many must agree, who may ask others, and when changes may be requested.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approverProblems } from '../../src/approvals/reassign.ts';
import {
  decidedStatus,
  judgeChanges,
  judgeDecision,
  judgeReassignment,
  reasonProblems,
  settlementOf,
} from '../../src/approvals/settlement.ts';
import { aDecision, anApproval } from './an-approval.ts';

const ann = { tenant: 'acme', user: 'ann', roles: ['approver'] };
const early = anApproval().deadlineMs - 1;

describe('decidedStatus', () => {
  it('is approved with the last approval that is needed, and never before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 8 }), (quorum, approvals) => {
        const status = decidedStatus(anApproval({ quorum, approvals }), 'approve');
        expect(status).toBe(approvals + 1 >= quorum ? 'approved' : 'pending');
      }),
    );
  });

  it('is settled by one rejection, or one request for changes', () => {
    expect(decidedStatus(anApproval({ quorum: 5, approvals: 3 }), 'reject')).toBe('rejected');
    expect(decidedStatus(anApproval({ quorum: 5 }), 'request_changes')).toBe('withdrawn');
  });
});

describe('judgeDecision', () => {
  it('takes one approval of each person', () => {
    const approval = anApproval({ quorum: 2, approvals: 1, decisions: [aDecision()] });
    const lou = { tenant: 'acme', user: 'lou', roles: ['lead'] };

    expect(judgeDecision(approval, ann, early)).toMatchObject({ code: 'CONFLICT' });
    expect(judgeDecision(approval, lou, early)).toEqual({ allowed: true });
  });
});

describe('settlementOf', () => {
  const settledAt = '2026-01-01T00:00:00.000Z';

  it('has no decision where approvals were given and too few', () => {
    const expired = anApproval({ status: 'expired', settledAt, quorum: 2, approvals: 1, decisions: [aDecision()] });

    expect(settlementOf(expired)).toMatchObject({ status: 'expired', decision: null, by: null });
  });

  it('names who took the question back', () => {
    const withdrawal = { by: 'ops', reason: 'by mistake' };
    const withdrawn = anApproval({ status: 'withdrawn', settledAt, withdrawal, decisions: [aDecision()] });

    expect(settlementOf(withdrawn)).toMatchObject({ decision: null, ...withdrawal });
  });

  it('is the request where changes were asked for', () => {
    const asked = aDecision({ decision: 'request_changes', reason: 'shorter' });

    expect(settlementOf(anApproval({ status: 'withdrawn', settledAt, decisions: [asked] }))).toMatchObject({
      decision: 'request_changes',
      by: 'ann',
      reason: 'shorter',
    });
  });
});

describe('a request for changes', () => {
  it('is allowed as often as the definition says', () => {
    const after = (made: number) => judgeChanges({ changes: { to: 'draft', max: 2, made } }).allowed;

    expect([after(0), after(1), after(2)]).toEqual([true, true, false]);
    expect(judgeChanges({ changes: { to: null, max: null, made: 99 } }).allowed).toBe(true);
    expect(judgeChanges({ changes: null })).toMatchObject({ code: 'CONFLICT' });
  });

  it('says what is to be changed', () => {
    expect(reasonProblems('request_changes', ' ')).toMatchObject([{ path: '/reason' }]);
    expect(reasonProblems('request_changes', 'shorter')).toEqual([]);
    expect(reasonProblems('reject', undefined)).toEqual([]);
  });
});

describe('judgeReassignment', () => {
  it('is for operators and for those who are asked, while the question is open', () => {
    const ops = { tenant: 'acme', user: 'ops', roles: ['operator'] };
    const eve = { tenant: 'acme', user: 'eve', roles: ['approver'] };

    expect(judgeReassignment(anApproval(), ops, early).allowed).toBe(true);
    expect(judgeReassignment(anApproval(), ann, early).allowed).toBe(true);
    expect(judgeReassignment(anApproval(), eve, early)).toMatchObject({ code: 'FORBIDDEN' });
    expect(judgeReassignment(anApproval(), ops, early + 1)).toMatchObject({ code: 'GONE' });
  });
});

describe('approverProblems', () => {
  it('asks for as many people as are still needed, unless a role may be many', () => {
    const approval = { quorum: 3, decisions: [aDecision()] };

    expect(approverProblems(approval, ['user:bob', 'user:cat'])).toEqual([]);
    expect(approverProblems(approval, ['user:ann', 'user:bob'])).toMatchObject([{ path: '/approvers' }]);
    expect(approverProblems(approval, ['role:lead'])).toEqual([]);
    expect(approverProblems(approval, [])).toMatchObject([{ path: '/approvers' }]);
    expect(approverProblems(approval, ['bob', 'user:x y'])).toMatchObject([
      { path: '/approvers/0' },
      { path: '/approvers/1' },
    ]);
  });
});
