import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispatch, route } from '../../sandbox/router.ts';
import { Refusal, type VendorRequest } from '../../sandbox/vendor.ts';

const request = (method: string, path: string): VendorRequest => ({
  method,
  path,
  query: new URLSearchParams(),
  headers: {},
  body: undefined,
});
const echo = (_: VendorRequest, ...captures: string[]) => ({ status: 200, body: captures });
const segment = fc.string({ minLength: 1 }).filter((text) => text.isWellFormed());

describe('dispatch', () => {
  it('hands every captured segment over decoded', () => {
    fc.assert(
      fc.property(segment, segment, (owner, repo) => {
        const path = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`;

        expect(dispatch([route('GET', '/repos/:owner/:repo', echo)], request('GET', path))?.body).toEqual([
          owner,
          repo,
        ]);
      }),
    );
  });

  it('captures a rest with its slashes, percent-encoded or not', () => {
    const routes = [route('GET', '/ref/*name', echo)];

    expect(dispatch(routes, request('GET', '/ref/heads/a/b'))?.body).toEqual(['heads/a/b']);
    expect(dispatch(routes, request('GET', '/ref/heads%2Fa%2Fb'))?.body).toEqual(['heads/a/b']);
  });

  it.each([
    ['another method', 'POST', '/a/b'],
    ['too few segments', 'GET', '/a'],
    ['too many segments', 'GET', '/a/b/c'],
    ['an empty segment', 'GET', '/a/'],
    ['broken percent-encoding', 'GET', '/a/%E0%A4%A'],
  ])('finds nothing for %s', (_, method, path) => {
    expect(dispatch([route('GET', '/a/:b', echo)], request(method, path))).toBeUndefined();
  });

  it('finds nothing for a rest that is empty', () => {
    expect(dispatch([route('GET', '/a/*rest', echo)], request('GET', '/a/'))).toBeUndefined();
  });

  it('takes the first route that fits', () => {
    const routes = [route('GET', '/a/count', () => ({ status: 201 })), route('GET', '/a/:id', echo)];

    expect(dispatch(routes, request('GET', '/a/count'))?.status).toBe(201);
  });

  it('turns a Refusal into its answer and lets a defect through', () => {
    const refuse = route('GET', '/refuse', () => {
      throw new Refusal({ status: 418 });
    });
    const fail = route('GET', '/fail', () => {
      throw new TypeError('a defect');
    });

    expect(dispatch([refuse], request('GET', '/refuse'))).toEqual({ status: 418 });
    expect(() => dispatch([fail], request('GET', '/fail'))).toThrow('a defect');
  });
});
