// Where requests for changes send a run back to, and who reads about them.
import { describe, expect, it } from 'vitest';
import { advance } from '../../src/runs/advance.ts';
import { changesAsked, changesSeenBy } from '../../src/runs/changes.ts';
import { completed, failed, resultsOf } from './a-result.ts';
import { planOf } from './plan-of.ts';

const plan = planOf({
  research: { acts: ['notes'] },
  draft: { acts: ['text'], after: ['research'] },
  aside: { acts: ['poll'], after: ['research'] },
  edit: { acts: ['proof'], after: ['draft'] },
  review: { approval: { changes: { to: 'draft', max: 3 } }, after: ['edit'] },
  legal: { approval: { changes: { to: 'research', max: 3 } }, after: ['edit'] },
  ship: { acts: ['send'], after: ['review', 'legal'] },
});

const asked = (by: string, reason: string) => completed({ decision: 'request_changes', by, at: 't', reason });
const note = (node: string, to: string, by: string, reason: string) => ({ node, to, by, at: 't', reason });

describe('changesAsked', () => {
  it('goes back to the module, and repeats what was built on it alone', () => {
    const back = changesAsked(plan, resultsOf({ review: asked('ann', 'shorter') }));

    expect(back).toMatchObject({ approval: 'review', to: 'draft', notes: [note('review', 'draft', 'ann', 'shorter')] });
    expect([...(back?.repeated ?? [])]).toEqual(['draft.text', 'edit.proof', 'review', 'legal', 'ship.send']);
  });

  it('goes back furthest when several ask, and takes the others along', () => {
    const results = resultsOf({ review: asked('ann', 'shorter'), legal: asked('lou', 'no names') });

    expect(changesAsked(plan, results)).toMatchObject({
      to: 'research',
      notes: [note('review', 'draft', 'ann', 'shorter'), note('legal', 'research', 'lou', 'no names')],
    });
  });

  it('asks for nothing where nobody did', () => {
    const decided = completed({ decision: 'approve', by: 'ann', at: 't', reason: null });

    expect(changesAsked(plan, resultsOf({ review: decided, 'edit.proof': completed('x') }))).toBeUndefined();
    expect(
      changesAsked(planOf({ review: { approval: {} } }), resultsOf({ review: asked('ann', 'x') })),
    ).toBeUndefined();
  });
});

describe('changesSeenBy', () => {
  it('is read by what was repeated, and by nothing else', () => {
    const changes = [note('review', 'draft', 'ann', 'shorter')];
    const change = { node: 'review', by: 'ann', at: 't', reason: 'shorter' };

    expect(changesSeenBy(plan, changes, ['draft.text'])).toEqual([change]);
    expect(changesSeenBy(plan, changes, ['ship.send'])).toEqual([change]);
    expect(changesSeenBy(plan, changes, ['research.notes'])).toEqual([]);
    expect(changesSeenBy(plan, changes, ['aside.poll'])).toEqual([]);
  });
});

describe('advance', () => {
  const evaluate = (): boolean => true;

  it('starts nothing once changes are asked for', () => {
    const results = resultsOf({ 'research.notes': completed(), review: asked('ann', 'shorter') });

    expect(advance(plan, { results, running: new Set(), evaluate })).toMatchObject({
      start: [],
      back: { to: 'draft' },
    });
  });

  it('is turned round by a failure beside what is repeated, and by none within it', () => {
    const asking = { review: asked('ann', 'shorter') };
    const within = resultsOf({ ...asking, 'edit.proof': failed() });
    const beside = resultsOf({ ...asking, 'aside.poll': failed() });

    expect(advance(plan, { results: within, running: new Set(), evaluate }).turn).toBeUndefined();
    expect(advance(plan, { results: beside, running: new Set(), evaluate }).turn).toMatchObject({ at: 'aside.poll' });
  });
});
