// How a question stands, what silence means, and what may be answered. Pure.
import type { Approval } from '../api/people-shapes.ts';
import type { Look } from './status.ts';

const LOOKS: Readonly<Record<Approval['status'], Look>> = {
  pending: { word: 'pending', tone: 'warn', sign: 'hourglass' },
  approved: { word: 'approved', tone: 'good', sign: 'check' },
  rejected: { word: 'rejected', tone: 'bad', sign: 'cross' },
  expired: { word: 'expired', tone: 'plain', sign: 'slash' },
  withdrawn: { word: 'withdrawn', tone: 'plain', sign: 'slash' },
};

export function lookOfApproval(status: Approval['status']): Look {
  return LOOKS[status];
}

export const SILENCE: Readonly<Record<Approval['onTimeout'], string>> = {
  reject: 'then it is rejected.',
  approve: 'then it is approved.',
  ask: 'then an operator decides.',
};

export const ANSWERS = { approve: 'Approve', request_changes: 'Request changes', reject: 'Reject' } as const;
export type Answer = keyof typeof ANSWERS;

export const DECIDED: Readonly<Record<Answer, string>> = {
  approve: 'approved',
  request_changes: 'requested changes',
  reject: 'rejected',
};

/** May changes be requested once more? */
export function mayChange({ changes }: Pick<Approval, 'changes'>): boolean {
  return changes !== null && (changes.max === null || changes.made < changes.max);
}

/** What is wrong with an answer before it is sent. */
export function answerProblem(answer: Answer, reason: string): string | undefined {
  return answer !== 'approve' && reason.trim() === '' ? 'Say why: the reason is kept with the decision.' : undefined;
}

/** `role:a, user:b` as they are sent. */
export function approversIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((each) => each !== '');
}
