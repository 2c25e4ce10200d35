// Events of a stream, however it is cut.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventReader } from '../../src/cli/event-text.ts';

const TEXT = 'retry: 2000\n\nid: 1\nevent: a\ndata: {"x":"é: 1"}\n\n:\n\nevent: b\ndata: 2\n\n';

describe('createEventReader', () => {
  it('answers the same events wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length)), (cuts) => {
        const read = createEventReader();
        const places = [0, ...cuts.toSorted((a, b) => a - b), TEXT.length];
        const events = places.slice(1).flatMap((end, at) => read(TEXT.slice(places[at], end)));

        expect(events).toEqual([{ id: '1', data: { x: 'é: 1' } }, { data: 2 }]);
      }),
    );
  });

  it('answers nothing of an event that is cut off', () => {
    expect(createEventReader()('id: 1\ndata: {"x":')).toEqual([]);
  });
});
