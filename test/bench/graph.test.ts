// The measured graph: what makes it a fair one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalPathMs, diamond, wavesOf } from '../../bench/graph.ts';

const shape = fc.record({ size: fc.integer({ min: 3, max: 400 }), width: fc.integer({ min: 1, max: 50 }) });

describe('diamond', () => {
  it('has as many nodes as asked, one source and one sink that everything leads to', () => {
    fc.assert(
      fc.property(shape, ({ size, width }) => {
        const graph = diamond(size, width);

        expect(graph.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, index) => index));
        expect(graph.filter(({ needs }) => needs.length === 0)).toHaveLength(1);
        expect(graph.every(({ index, needs }) => needs.every((need) => need < index))).toBe(true);
      }),
    );
  });

  it('is the same at every call, so that both sides walk the same graph', () => {
    expect(diamond(100, 10)).toEqual(diamond(100, 10));
  });
});

describe('wavesOf', () => {
  it('puts every node once, after all it needs', () => {
    fc.assert(
      fc.property(shape, ({ size, width }) => {
        const graph = diamond(size, width);
        const waves = wavesOf(graph);
        const waveOf = new Map(waves.flatMap((wave, at) => wave.map(({ index }) => [index, at] as const)));

        expect(waves.flat()).toHaveLength(size);
        for (const { index, needs } of graph)
          for (const need of needs) expect(waveOf.get(need)).toBeLessThan(waveOf.get(index)!);
      }),
    );
  });
});

describe('criticalPathMs', () => {
  it('is the longest chain, not the longest wave', () => {
    const graph = [
      { index: 0, durationMs: 10, needs: [] },
      { index: 1, durationMs: 100, needs: [0] },
      { index: 2, durationMs: 5, needs: [0] },
      { index: 3, durationMs: 50, needs: [2] },
      { index: 4, durationMs: 1, needs: [1, 3] },
    ];

    expect(criticalPathMs(graph)).toBe(111);
  });

  it('lies between the longest node and the sum of the longest of every wave', () => {
    fc.assert(
      fc.property(shape, ({ size, width }) => {
        const graph = diamond(size, width);
        const longest = (nodes: typeof graph): number => Math.max(...nodes.map(({ durationMs }) => durationMs));
        const lockstepMs = wavesOf(graph).reduce((sum, wave) => sum + longest(wave), 0);

        expect(criticalPathMs(graph)).toBeGreaterThanOrEqual(longest(graph));
        expect(criticalPathMs(graph)).toBeLessThanOrEqual(lockstepMs);
      }),
    );
  });
});
