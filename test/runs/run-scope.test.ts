// What expressions may read: ancestors, as the approvals before left them.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/kernel/index.ts';
import { scopeOfModule, scopeOfNode, scopeOfRun } from '../../src/runs/run-scope.ts';
import { completed, failed, resultsOf, skipped } from './a-result.ts';
import { moduleIn, nodeIn, planOf } from './plan-of.ts';

const facts = {
  id: 'run_1',
  name: 'launch',
  version: '1.0.0',
  tenant: 'acme',
  startedAt: '2026-01-01T00:00:00.000Z',
  changes: [],
  input: { budget: 5 },
};
const plan = planOf({
  research: { acts: ['a', 'b'] },
  write: { after: ['research'], acts: ['draft'] },
  review: { after: ['write'], approval: { editable: ['write.draft'] } },
  ship: { after: ['review'], acts: ['mail'] },
});

function approved(edits: Json = null, finishedAtMs = 0): ReturnType<typeof completed> {
  return completed({ decision: 'approve', by: 'ann', edits }, finishedAtMs);
}

describe('scopeOfNode', () => {
  it('holds the ancestors alone, with output and status', () => {
    const results = resultsOf({
      'research.a': completed('found'),
      'research.b': failed(),
      'write.draft': completed('text'),
    });
    const { outputs, status } = scopeOfNode(plan, nodeIn(plan, 'write.draft'), results, facts);

    expect(outputs).toEqual({ 'research.a': 'found', 'research.b': null });
    expect(status).toEqual({ 'research.a': 'completed', 'research.b': 'failed' });
  });

  it('shows null and pending for what is not settled', () => {
    const { outputs, status } = scopeOfNode(
      plan,
      nodeIn(plan, 'write.draft'),
      resultsOf({ 'research.b': skipped() }),
      facts,
    );
    expect(outputs).toEqual({ 'research.a': null, 'research.b': null });
    expect(status).toEqual({ 'research.a': 'pending', 'research.b': 'skipped' });
  });

  it('tells of the run, and keeps the input beside it', () => {
    const { input, run } = scopeOfNode(plan, nodeIn(plan, 'research.a'), resultsOf(), facts);
    expect(input).toEqual({ budget: 5 });
    expect(run).toEqual({
      id: 'run_1',
      name: 'launch',
      version: '1.0.0',
      tenant: 'acme',
      startedAt: '2026-01-01T00:00:00.000Z',
      changes: [],
    });
  });
});

describe("an approver's edit", () => {
  const draft = completed({ headline: 'Old', body: 'Text' });

  it('is seen by every descendant of the approval, and by the output', () => {
    const results = resultsOf({ 'write.draft': draft, review: approved({ 'write.draft': { headline: 'New' } }) });
    const edited = { headline: 'New', body: 'Text' };

    expect(scopeOfNode(plan, nodeIn(plan, 'ship.mail'), results, facts).outputs['write.draft']).toEqual(edited);
    expect(scopeOfRun(plan, results, facts).outputs['write.draft']).toEqual(edited);
  });

  it('is not seen by what does not follow the approval', () => {
    const beside = planOf({
      write: { acts: ['draft'] },
      review: { after: ['write'], approval: {} },
      archive: { after: ['write'], acts: ['store'] },
    });
    const results = resultsOf({ 'write.draft': draft, review: approved({ 'write.draft': { headline: 'New' } }) });
    expect(scopeOfNode(beside, nodeIn(beside, 'archive.store'), results, facts).outputs['write.draft']).toEqual(
      draft.value,
    );
  });

  it('leaves alone what it does not name', () => {
    const results = resultsOf({ 'research.a': completed('found'), review: approved({ 'write.draft': 'other' }) });
    expect(scopeOfNode(plan, nodeIn(plan, 'ship.mail'), results, facts).outputs['research.a']).toBe('found');
  });

  it('replaces an output that is no object, null included', () => {
    const results = resultsOf({ 'write.draft': completed(['a']), review: approved({ 'write.draft': null }) });
    expect(scopeOfNode(plan, nodeIn(plan, 'ship.mail'), results, facts).outputs['write.draft']).toBeNull();
  });

  it("of a later reviewer is applied over an earlier one's, wherever they stand in the document", () => {
    const twice = planOf({
      second: { after: ['first'], approval: {} },
      first: { after: ['write'], approval: {} },
      write: { acts: ['draft'] },
      ship: { after: ['second'], acts: ['mail'] },
    });
    const results = resultsOf({
      'write.draft': completed({ headline: 'Old', body: 'Text' }, 1),
      first: approved({ 'write.draft': { headline: 'First', body: 'Shorter' } }, 2),
      second: approved({ 'write.draft': { headline: 'Second' } }, 3),
    });
    expect(scopeOfNode(twice, nodeIn(twice, 'ship.mail'), results, facts).outputs['write.draft']).toEqual({
      headline: 'Second',
      body: 'Shorter',
    });
  });

  it.each([
    ['an approval without edits', approved()],
    ['an approval that was skipped', skipped()],
    ['edits that are no object', approved(['write.draft'])],
  ])('is none in %s', (_, review) => {
    const results = resultsOf({ 'write.draft': draft, review });
    expect(scopeOfNode(plan, nodeIn(plan, 'ship.mail'), results, facts).outputs['write.draft']).toEqual(draft.value);
  });

  it('is never found on a prototype: a node may be called toString', () => {
    const wait = { kind: 'message', topic: 't' } as const;
    const named = planOf({ toString: { wait }, review: { approval: {} } });
    const results = resultsOf({ toString: completed('the message'), review: approved({}) });
    expect(scopeOfRun(named, results, facts).outputs).toMatchObject({ toString: 'the message' });
  });
});

describe('scopeOfModule', () => {
  it("holds the module's own nodes and their ancestors", () => {
    const results = resultsOf({ 'research.a': completed('found'), 'write.draft': completed('text') });
    const { outputs } = scopeOfModule(plan, moduleIn(plan, 'write'), results, facts);
    expect(outputs).toEqual({ 'research.a': 'found', 'research.b': null, 'write.draft': 'text' });
  });
});

describe('scopeOfRun', () => {
  it('holds every node', () => {
    expect(Object.keys(scopeOfRun(plan, resultsOf(), facts).status)).toEqual(plan.nodes.map(({ id }) => id));
  });
});
