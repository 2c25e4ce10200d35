import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../src/http/html.ts';

describe('html', () => {
  it('lets no text open a tag, end an attribute or start an entity', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const shown = html`${text}`.text;
        expect(shown).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('keeps HTML and lists of it as they are, and shows nothing for undefined', () => {
    const items = [html`<li>${'<1>'}</li>`, html`<li>${2}</li>`];

    expect(html`<ul>${items}${undefined}</ul>`.text).toBe('<ul><li>&lt;1&gt;</li><li>2</li></ul>');
  });
});
