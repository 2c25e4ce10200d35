// Why a run does not move, in words.
import { describe, expect, it } from 'vitest';
import { describeWaiting } from '../../src/runs/waiting.ts';
import { planOf } from './plan-of.ts';

const plan = planOf({
  work: { acts: ['a'] },
  review: { approval: { timeoutMs: 86_400_000 } },
  signed: { wait: { kind: 'message', topic: 'contract-signed' } },
  cooled: { wait: { kind: 'for', durationMs: 5_400_000 } },
  due: { wait: { kind: 'until', at: '2026-05-01T08:00:00Z' } },
});

describe('describeWaiting', () => {
  it.each([
    ['review', 'waits for approval "review", 1d at most'],
    ['signed', 'waits for message "contract-signed"'],
    ['cooled', 'waits 1h 30m at "cooled"'],
    ['due', 'waits at "due" for its time to come'],
  ])('says what %s waits for', (id, words) => {
    expect(describeWaiting(plan, [id])).toBe(words);
  });

  it('names every wait, in document order', () => {
    expect(describeWaiting(plan, ['signed', 'review'])).toBe(
      'waits for approval "review", 1d at most; waits for message "contract-signed"',
    );
  });

  it('says nothing while anything acts, nor when nothing runs', () => {
    expect(describeWaiting(plan, ['review', 'work.a'])).toBeNull();
    expect(describeWaiting(plan, [])).toBeNull();
  });
});
