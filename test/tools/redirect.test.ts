// Where redirects lead, and what goes along.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PinnedAnswer } from '../../src/tools/pinned-request.ts';
import { follow, redirectOf, type RoutedRequest } from '../../src/tools/redirect.ts';

const post: RoutedRequest = {
  method: 'POST',
  url: 'https://a.example/one',
  headers: {
    accept: '*/*',
    authorization: 'Bearer secret',
    cookie: 'session=1',
    'content-type': 'application/json',
    'idempotency-key': 'k',
    'x-api-key': 'secret',
  },
  body: '{}',
};

const answer = (status: number, location?: string): PinnedAnswer => ({
  status,
  headers: location === undefined ? {} : { location },
  text: '',
});

describe('redirectOf', () => {
  it.each([301, 302, 303, 307, 308])('reads the address of a %i, relative to the request', (status) => {
    expect(redirectOf(answer(status, '../two?x=1'), 'https://a.example/b/c')).toBe('https://a.example/two?x=1');
    expect(redirectOf(answer(status, '//b.example'), 'https://a.example/')).toBe('https://b.example/');
  });

  it.each([
    answer(200, '/x'),
    answer(300, '/x'),
    answer(304, '/x'),
    answer(404, '/x'),
    answer(302),
    answer(302, 'http://[nowhere'),
  ])('sees none in %j', (given) => {
    expect(redirectOf(given, 'https://a.example/')).toBeUndefined();
  });
});

describe('follow', () => {
  it.each([301, 302, 303])('turns a POST into a GET without a body after %i', (status) => {
    const { 'content-type': _, 'idempotency-key': __, ...headers } = post.headers;
    expect(follow(post, status, 'https://a.example/two')).toEqual({
      method: 'GET',
      url: 'https://a.example/two',
      headers,
    });
  });

  it.each([307, 308])('repeats the request as it is after %i', (status) => {
    expect(follow(post, status, 'https://a.example/two')).toEqual({ ...post, url: 'https://a.example/two' });
  });

  it.each([301, 302, 307, 308])('leaves a PUT a PUT after %i', (status) => {
    expect(follow({ ...post, method: 'PUT' }, status, 'https://a.example/')).toMatchObject({
      method: 'PUT',
      body: '{}',
    });
  });

  it.each(['https://b.example/', 'http://a.example/', 'https://a.example:8443/', 'https://sub.a.example/'])(
    'takes no credential along to %s',
    (to) => {
      expect(follow(post, 307, to).headers).toEqual({
        accept: '*/*',
        'content-type': 'application/json',
        'idempotency-key': 'k',
      });
    },
  );

  it('takes no header of unknown meaning to another origin', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    const known = /^(?:accept|accept-language|content-language|content-type|idempotency-key|user-agent)$/;
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), fc.constantFrom(301, 303, 307), (headers, status) => {
        const kept = Object.keys(follow({ ...post, headers }, status, 'https://b.example/').headers);
        expect(kept.filter((each) => !known.test(each))).toEqual([]);
      }),
    );
  });
});
