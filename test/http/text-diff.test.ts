import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffTexts } from '../../src/http/text-diff.ts';

const side = (parts: ReturnType<typeof diffTexts>, left: 'removed' | 'added'): string =>
  parts
    .filter(({ kind }) => kind === 'same' || kind === left)
    .map(({ text }) => text)
    .join('');

describe('diffTexts', () => {
  it('tells word by word what changed', () => {
    expect(diffTexts('Spring is here', 'Summer is near')).toEqual([
      { kind: 'removed', text: 'Spring' },
      { kind: 'added', text: 'Summer' },
      { kind: 'same', text: ' is ' },
      { kind: 'removed', text: 'here' },
      { kind: 'added', text: 'near' },
    ]);
  });

  it('loses and invents nothing, whatever the texts', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c ', ' ', '\n', 'word'), { maxLength: 40 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parts = diffTexts(before, after);
        expect([side(parts, 'removed'), side(parts, 'added')]).toEqual([before, after]);
      }),
    );
  });

  it('compares long texts line by line, and longer ones whole, without taking long', () => {
    const many = (count: number, word: string) => Array.from({ length: count }, (_, at) => `${word} ${at}`).join('\n');
    const startedAt = performance.now();

    const byLine = diffTexts(
      `${many(400, 'old')}\nsame line\n${many(5, 'x')}`,
      `${many(400, 'new')}\nsame line\n${many(5, 'y')}`,
    );
    const whole = diffTexts(many(20_000, 'old'), many(20_000, 'new'));

    expect(byLine).toContainEqual({ kind: 'same', text: 'same line\n' });
    expect(whole).toHaveLength(2);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
