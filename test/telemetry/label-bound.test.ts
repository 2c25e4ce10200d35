// However users name things, a label has few values.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/definitions/index.ts';
import { activityNames } from '../../src/telemetry/activity-names.ts';
import { OTHER, boundLabel } from '../../src/telemetry/label-bound.ts';

describe('boundLabel', () => {
  it('keeps the first values for good, and calls the rest other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.string()), (most, values) => {
        const bound = boundLabel(most);
        const first = new Set([...new Set(values)].slice(0, most));

        const shown = values.map((value) => bound(value));

        expect(shown).toEqual(values.map((value) => (first.has(value) ? value : OTHER)));
      }),
    );
  });

  it('takes 200 values unless told otherwise', () => {
    const bound = boundLabel();

    const shown = new Set(Array.from({ length: 1_000 }, (_, index) => bound(`service ${index}`)));

    expect(shown.size).toBe(201);
  });
});

describe('activityNames', () => {
  const slm = { name: 'slm', aliases: ['openai'], actions: new Map([['chat', null]]) };
  const catalog = { tool: () => slm, toolNames: () => ['slm'] } as unknown as Catalog;

  it('are those of the catalog, aliases under their tool', () => {
    const nameOf = activityNames(catalog);

    expect(['slm.chat', 'openai.chat', 'slm.shout', 'other.chat', ''].map(nameOf)).toEqual([
      'slm.chat',
      'slm.chat',
      OTHER,
      OTHER,
      OTHER,
    ]);
  });
});
