// Server-sent events from pieces of text: however they are cut, the same events come out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventReader } from '../../web/src/api/event-text.ts';

const event = fc.record({
  id: fc.option(fc.stringMatching(/^[a-z0-9.]{1,9}$/), { nil: undefined }),
  name: fc.stringMatching(/^[a-z.]{1,9}$/),
  data: fc.json({ maxDepth: 1 }),
});

describe('createEventReader', () => {
  it('gives the same events however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(event), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (events, sizes) => {
        const text = events
          .map(({ id, name, data }) => `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`)
          .join(':\n\n');
        const read = createEventReader();
        const received = [];
        for (let at = 0; at < text.length;) {
          const size = sizes[at % sizes.length] ?? 1;
          received.push(...read(text.slice(at, at + size)));
          at += size;
        }

        expect(received).toEqual(events);
      }),
    );
  });

  it('keeps what is not whole yet, and says nothing of comments', () => {
    const read = createEventReader();

    expect(read(':\n\nretry: 2000\n\nevent: a\nda')).toEqual([]);
    expect(read('ta: 1\n\n')).toEqual([{ id: undefined, name: 'a', data: '1' }]);
  });
});
