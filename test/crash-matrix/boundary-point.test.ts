// Which boundaries a crash test kills at, and that a trap closes at the one that was chosen.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTrap, pointName, pointsOf } from '../../src/crash-test/boundary-point.ts';
import type { Boundary } from '../../src/durable/index.ts';

const phase = fc.constantFrom<Boundary['phase'][]>('before', 'done', 'recorded');
const passage = fc.array(fc.record({ phase, runId: fc.constant('run_1'), name: fc.constantFrom('a', 'b') }));

describe('pointsOf', () => {
  it('tells attempts of one act apart', () => {
    const twice = [
      { phase: 'before', name: 'write' },
      { phase: 'done', name: 'write' },
      { phase: 'before', name: 'write' },
    ] as const;

    expect(pointsOf(twice).map(pointName)).toEqual(['before write', 'done write', 'before write (2)']);
  });

  it('gives every boundary a point of its own', () => {
    fc.assert(
      fc.property(passage, (passed) => {
        expect(new Set(pointsOf(passed).map(pointName)).size).toBe(passed.length);
      }),
    );
  });
});

describe('createTrap', () => {
  it('closes once, at the boundary that was chosen, whatever earlier runs pass meanwhile', () => {
    fc.assert(
      fc.property(
        passage.filter((passed) => passed.length > 0),
        fc.nat(),
        passage,
        (passed, pick, before) => {
          const chosen = pick % passed.length;
          const trap = createTrap(pointsOf(passed)[chosen]!, new Set(['run_0']));
          const noise = before.map((boundary) => ({ ...boundary, runId: 'run_0' }));

          expect(noise.filter(trap)).toEqual([]);
          expect(passed.map(trap)).toEqual(passed.map((_, index) => index === chosen));
        },
      ),
    );
  });

  it('counts a run whose id nobody knew when it was armed', () => {
    const trap = createTrap({ phase: 'inserted', name: 'run', occurrence: 1 }, new Set(['run_0']));

    expect(trap({ phase: 'inserted', name: 'run', runId: 'run_0' })).toBe(false);
    expect(trap({ phase: 'inserted', name: 'run', runId: 'run_new' })).toBe(true);
  });
});
