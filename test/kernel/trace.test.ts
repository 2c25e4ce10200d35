// Places in a trace, as W3C Trace Context writes them: what is no such text is nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTraceparent, placeBelow, traceparentOf } from '../../src/kernel/index.ts';

const hex = (length: number) =>
  fc
    .array(
      fc.nat(15).map((digit) => digit.toString(16)),
      { minLength: length, maxLength: length },
    )
    .map((digits) => digits.join(''))
    .filter((text) => /[^0]/.test(text));

const place = fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() });

describe('parseTraceparent', () => {
  it('reads what traceparentOf writes', () => {
    fc.assert(
      fc.property(place, (given) => {
        expect(parseTraceparent(traceparentOf(given))).toEqual(given);
      }),
    );
  });

  it('takes no other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseTraceparent(text)).toBeUndefined();
      }),
    );
  });

  it('reads flags bit by bit, and versions to come as far as it knows them', () => {
    const ids = `${'a'.repeat(32)}-${'b'.repeat(16)}`;

    expect(parseTraceparent(`00-${ids}-03`)?.sampled).toBe(true);
    expect(parseTraceparent(`00-${ids}-02`)?.sampled).toBe(false);
    expect(parseTraceparent(`cc-${ids}-01-what-is-new`)).toEqual({
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      sampled: true,
    });
  });

  it.each([
    ['a version that there will never be', `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['a span of zeros', `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['more than version 00 has', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01-x`],
    ['something before it', ` 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
  ])('takes no %s', (_what, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('placeBelow', () => {
  it('stays in the trace, and is kept where that is', () => {
    const above = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: 'c'.repeat(16), sampled: false };

    expect(placeBelow(above, 'd'.repeat(16))).toEqual({
      traceId: above.traceId,
      spanId: 'd'.repeat(16),
      parentSpanId: above.spanId,
      sampled: false,
    });
  });
});
