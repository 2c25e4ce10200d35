import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markup } from '../../src/http/markup.ts';

describe('markup', () => {
  it('lets no text open a tag, end an attribute or start an entity', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const shown = markup`${text}`.text;
        expect(shown).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('keeps HTML and lists of it as they are, and shows nothing for undefined', () => {
    const items = [markup`<li>${'<1>'}</li>`, markup`<li>${2}</li>`];

    expect(markup`<ul>${items}${undefined}</ul>`.text).toBe('<ul><li>&lt;1&gt;</li><li>2</li></ul>');
  });
});
