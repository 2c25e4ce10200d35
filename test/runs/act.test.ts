// The acts of an activity node, with their names and scopes.
import { describe, expect, it } from 'vitest';
import { actName, actsOf } from '../../src/runs/act.ts';
import { scopeOfNode } from '../../src/runs/run-scope.ts';
import { resultsOf } from './a-result.ts';
import { activityIn, planOf } from './plan-of.ts';

const facts = {
  id: 'run_1',
  name: 'launch',
  version: '1.0.0',
  tenant: 'acme',
  startedAt: '2026-01-01T00:00:00.000Z',
  changes: [],
};

function actsUnder(input: { urls: string[] | string }, forEach?: string): ReturnType<typeof actsOf> {
  const plan = planOf({
    scrape: { acts: [{ name: 'page', ...(forEach !== undefined && { forEach: { cel: forEach } }) }] },
  });
  const node = activityIn(plan, 'scrape.page');
  return actsOf(node, scopeOfNode(plan, node, resultsOf(), { ...facts, input }));
}

describe('actsOf', () => {
  it("is one act under the node's name and scope", () => {
    const [act, ...rest] = actsUnder({ urls: ['x'] });
    expect(rest).toEqual([]);
    expect(act).toMatchObject({ name: 'scrape.page', scope: { input: { urls: ['x'] } } });
    expect(act).not.toHaveProperty('item');
    expect(act!.scope).not.toHaveProperty('item');
  });

  it('is one act an item of the list, each with its item and place in scope', () => {
    expect(actsUnder({ urls: ['x', 'y'] }, 'input.urls')).toMatchObject([
      { name: 'scrape.page[0]', item: 0, scope: { item: 'x', index: 0, input: { urls: ['x', 'y'] } } },
      { name: 'scrape.page[1]', item: 1, scope: { item: 'y', index: 1, input: { urls: ['x', 'y'] } } },
    ]);
  });

  it('is nothing over an empty list', () => {
    expect(actsUnder({ urls: [] }, 'input.urls')).toEqual([]);
  });

  it('is nothing where the list could not be made: no item ever began', () => {
    expect(actsUnder({ urls: 'no list' }, 'input.urls')).toEqual([]);
    expect(actsUnder({ urls: [] }, 'input.nowhere')).toEqual([]);
  });
});

describe('actName', () => {
  const node = activityIn(planOf({ scrape: { acts: ['page'] } }), 'scrape.page');

  it('is the node, or the node with the place of the item, the first included', () => {
    expect(actName(node, undefined)).toBe('scrape.page');
    expect(actName(node, 0)).toBe('scrape.page[0]');
    expect(actName(node, 12)).toBe('scrape.page[12]');
  });
});
