// The nearest right name to a wrong one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, nearestName } from '../../src/kernel/index.ts';

describe('nearestName', () => {
  it.each([
    ['htpp', ['http', 'smtp', 'ftp'], 'http'],
    ['githb', ['gitlab', 'github', 'gitea'], 'github'],
    ['depends', ['depends_on', 'description'], undefined],
    ['depend_on', ['depends_on', 'description'], 'depends_on'],
    ['max_atempts', ['max_attempts', 'max_interval'], 'max_attempts'],
    ['SLACK', ['slack'], 'slack'],
    ['wholly', ['different', 'names'], undefined],
    ['workflows', ['wokflo'], 'wokflo'],
    ['workflow', ['wokfl'], undefined],
    ['anything', [], undefined],
  ])('finds for %j among %j: %j', (name, candidates, expected) => {
    expect(nearestName(name, candidates)).toBe(expected);
  });

  it('takes the first of equals', () => {
    expect(nearestName('cat', ['bat', 'hat'])).toBe('bat');
    expect(nearestName('cat', ['hat', 'bat'])).toBe('hat');
  });

  it('finds a name however late it comes among others', () => {
    fc.assert(
      fc.property(shortName(), fc.array(shortName()), (wanted, others) => {
        expect(nearestName(wanted, [...others, wanted])).toBe(wanted);
      }),
    );
  });

  it('suggests a candidate exactly when its edit distance is within a third of the name, two at least', () => {
    fc.assert(
      fc.property(shortName(), shortName(), (wrong, candidate) => {
        const near = distance(wrong, candidate) <= Math.max(2, Math.floor(wrong.length / 3));
        expect(nearestName(wrong, [candidate])).toBe(near ? candidate : undefined);
      }),
    );
  });

  it('suggests none that is farther than another', () => {
    fc.assert(
      fc.property(shortName(), fc.array(shortName(), { minLength: 1 }), (wrong, candidates) => {
        const found = nearestName(wrong, candidates);
        if (found === undefined) return;
        expect(distance(wrong, found)).toBe(Math.min(...candidates.map((each) => distance(wrong, each))));
      }),
    );
  });
});

describe('didYouMean', () => {
  it('ends a message with the suggestion, or with nothing', () => {
    expect(`Unknown tool "htpp"${didYouMean('htpp', ['http'])}`).toBe('Unknown tool "htpp"; did you mean "http"?');
    expect(`Unknown tool "xyzzy"${didYouMean('xyzzy', ['http'])}`).toBe('Unknown tool "xyzzy"');
  });
});

/** Few letters, so that names are often near each other. */
function shortName(): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
}

/** Levenshtein's definition, word for word. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return distance(restA, restB);
  return 1 + Math.min(distance(restA, b), distance(a, restB), distance(restA, restB));
}
