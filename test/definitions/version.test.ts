// Semantic versions and their order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, isVersion } from '../../src/definitions/index.ts';

describe('isVersion', () => {
  it.each(['1.0.0', '0.0.0-1a2b3c4d', '1.2.3-rc.1', '10.20.30+build.5', '1.0.0-alpha-1.x'])('accepts %s', (text) => {
    expect(isVersion(text)).toBe(true);
  });

  it.each(['1', '1.0', '01.0.0', '1.0.0-', 'v1.0.0', '1.0.0 ', 'latest', ''])('refuses "%s"', (text) => {
    expect(isVersion(text)).toBe(false);
  });
});

describe('compareVersions', () => {
  it('puts the versions of semver.org in their order', () => {
    const ordered = [
      'not a version',
      '0.0.0-1a2b3c4d',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.2.0',
      '1.10.0',
      '2.0.0',
    ];

    fc.assert(
      fc.property(fc.shuffledSubarray(ordered, { minLength: ordered.length }), (shuffled) => {
        expect(shuffled.toSorted(compareVersions)).toEqual(ordered);
      }),
    );
  });

  it('does not look at build metadata', () => {
    expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0);
  });
});
