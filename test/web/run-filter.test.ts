// Which runs are asked for: from the address to the API, by the list's parameters and by a body.
import { describe, expect, it } from 'vitest';
import { matchPath } from '../../web/src/model/match-path.ts';
import { apiQuery, filterIn, isFiltered, labelIn, matchOf, toggled } from '../../web/src/model/run-filter.ts';

const NOW = Date.parse('2026-11-21T10:00:30Z');
const asked = (text: string) => filterIn(new URLSearchParams(text));

describe('a filter', () => {
  it('asks the API for what the address says', () => {
    const filter = asked('q=ship&status=held,stuck&since=1h&label.team=growth&errorCode=X&node=a.b&workflow=w');

    expect(apiQuery(filter, NOW)).toEqual({
      q: 'ship',
      status: 'held,stuck',
      since: '2026-11-21T09:00:00.000Z',
      'label.team': 'growth',
      errorCode: 'X',
      node: 'a.b',
      workflow: 'w',
    });
    expect(matchOf(filter, NOW)).toMatchObject({ status: ['held', 'stuck'], labels: { team: 'growth' }, q: 'ship' });
  });

  it('leaves out what is empty or unknown', () => {
    const filter = asked('q=+&status=held,flying&since=ever&cursor=abc');

    expect(apiQuery(filter, NOW)).toEqual({ status: 'held' });
    expect(matchOf(asked('q='), NOW)).toEqual({});
    expect([isFiltered(filter), isFiltered(asked('cursor=abc'))]).toEqual([true, false]);
  });

  it('takes a status in and out, in the order of the list', () => {
    expect(toggled(['stuck'], 'held')).toEqual(['held', 'stuck']);
    expect(toggled(['held', 'stuck'], 'held')).toEqual(['stuck']);
  });

  it.each([
    ['team=growth', ['team', 'growth']],
    [' a b = c = d ', ['a b', 'c = d']],
    ['team=', undefined],
    ['=x', undefined],
    ['team', undefined],
  ])('reads %s as a label', (text, label) => {
    expect(labelIn(text)).toEqual(label);
  });
});

describe('matchPath', () => {
  it.each([
    ['/runs/:id', '/runs/run_1', { id: 'run_1' }],
    ['/definitions/:name', '/definitions/a%2Fb', { name: 'a/b' }],
    ['/definitions/:name', '/definitions/%zz', { name: '%zz' }],
    ['/runs', '/runs/', {}],
    ['/runs', '/runs/run_1', undefined],
    ['/runs/:id', '/failures/x', undefined],
  ])('fits %s to %s', (pattern, path, params) => {
    expect(matchPath(pattern, path)).toEqual(params);
  });
});
