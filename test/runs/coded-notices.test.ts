import { describe, expect, it } from 'vitest';
import { noticesOf } from '../../src/runs/coded-notices.ts';

const question = { name: 'review', title: 'Ship?', approvers: ['user:ann', 'role:lead'], timeout: '24h' } as const;
const slack = { tool: 'slack', to: '#reviews' } as const;

describe('noticesOf', () => {
  it('is what YAML compiles to', () => {
    const mail = { tool: 'sendgrid', to: 'dora@example.com', as: 'role:director' } as const;
    const escalate = [{ after: '8h', to: ['role:director'], notify: [mail] }];

    expect(noticesOf({ ...question, notify: [slack], remindAt: ['4h', '20h'], escalate })).toEqual({
      notify: [slack],
      remindAtMs: [14_400_000, 72_000_000],
      escalate: [{ afterMs: 28_800_000, to: ['role:director'], notify: [mail] }],
    });
    expect(noticesOf(question)).toEqual({});
  });

  it.each([
    ['a person at Slack', { notify: [{ tool: 'slack', to: 'U0123456789' }] }, 'is a person'],
    ['no mail address', { notify: [{ tool: 'sendgrid', to: '#reviews' }] }, 'is no mail address'],
    ['a stranger', { notify: [{ tool: 'sendgrid', to: 'a@b.example', as: 'user:eve' }] }, '"user:eve" is not asked'],
    ['nobody to remind', { remindAt: ['1h'] }, 'reminds nobody'],
    ['a reminder too late', { notify: [slack], remindAt: ['24h'] }, 'timed out already'],
    ['an escalation too late', { escalate: [{ after: '2d', to: ['role:x'] }] }, 'timed out already'],
  ] as const)('refuses %s', (_what, telling, why) => {
    expect(() => noticesOf({ ...question, ...telling })).toThrow(why);
  });
});
