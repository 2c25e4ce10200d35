// Ids that sort by time, keys that never meet, names for URLs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idempotencyKey, newRunId, sha256, slug, uuidOf, uuidv7 } from '../../src/kernel/index.ts';
import type { KeyParts } from '../../src/kernel/index.ts';

const MAX_MS = 2 ** 48 - 1;
const instant = fc.integer({ min: 0, max: MAX_MS });

describe('uuidv7', () => {
  it('is a version 7 UUID that holds its time', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        const id = uuidv7(ms);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(ms);
      }),
    );
  });

  it('sorts by time as text', () => {
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        fc.pre(a !== b);
        expect(uuidv7(a) < uuidv7(b)).toBe(a < b);
      }),
    );
  });

  it('begins like the example of RFC 9562', () => {
    expect(uuidv7(0x017f22e279b0)).toMatch(/^017f22e2-79b0-7/);
  });

  it('never repeats within a millisecond', () => {
    const ids = Array.from({ length: 1_000 }, () => uuidv7(1_700_000_000_000));
    expect(new Set(ids).size).toBe(1_000);
  });

  it('takes a database time with parts of a millisecond', () => {
    expect(uuidv7(0x017f22e279b0 + 0.75)).toMatch(/^017f22e2-79b0-7/);
  });
});

describe('newRunId', () => {
  it('is the UUID behind run_', () => {
    expect(newRunId(0x017f22e279b0)).toMatch(/^run_017f22e2-79b0-7[0-9a-f]{3}-/);
  });
});

describe('idempotencyKey', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/);
  const parts: fc.Arbitrary<KeyParts> = fc.record({
    runId: name,
    nodeId: name,
    item: fc.option(fc.nat({ max: 30 }), { nil: undefined }),
    epoch: fc.nat({ max: 30 }),
    undo: fc.boolean(),
  });

  it('is the same for the same parts', () => {
    fc.assert(
      fc.property(parts, (each) => {
        expect(idempotencyKey({ ...each })).toBe(idempotencyKey(each));
      }),
    );
  });

  it('differs when any one part differs', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        for (const part of Object.keys(one) as (keyof KeyParts)[]) {
          const changed = { ...one, [part]: other[part] };
          expect(idempotencyKey(changed) === idempotencyKey(one)).toBe(one[part] === other[part]);
        }
      }),
    );
  });

  it('never mistakes the neighbours of a boundary for each other', () => {
    const of = (over: Partial<KeyParts>): string =>
      idempotencyKey({ runId: 'run_1', nodeId: 'a.b', epoch: 0, ...over });
    const keys = [
      of({}),
      of({ item: 0 }),
      of({ item: 1 }),
      of({ epoch: 1 }),
      of({ item: 1, epoch: 1 }),
      of({ item: 11 }),
      of({ undo: true }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is 40 hex digits, and stays what it has always been, as vendors remember it', () => {
    expect(idempotencyKey({ runId: 'run_1', nodeId: 'write.draft', epoch: 0 })).toBe(
      'd44f4f03f900643f1ef4259da0c2fbfa8012811d',
    );
  });

  it('treats an absent undo as the act itself', () => {
    const act = { runId: 'run_1', nodeId: 'write.draft', epoch: 0 };
    expect(idempotencyKey({ ...act, undo: false })).toBe(idempotencyKey(act));
  });
});

describe('uuidOf', () => {
  it('is a version 8 UUID of the hash, and nothing but the hash decides', () => {
    expect(uuidOf('0123456789abcdef0123456789abcdef')).toBe('01234567-89ab-8def-8123-456789abcdef');
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(uuidOf(sha256(a))).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(uuidOf(sha256(a)) === uuidOf(sha256(b))).toBe(a === b);
      }),
    );
  });
});

describe('slug', () => {
  it.each([
    ['Spring Launch!', 'spring-launch'],
    ['Marketing Campaign Workflow', 'marketing-campaign-workflow'],
    ['  --Ünïcode  Çafé-- ', 'unicode-cafe'],
    ['a__b', 'a-b'],
    ['v1.2', 'v1-2'],
    ['already-a-slug', 'already-a-slug'],
    ['!!!', ''],
  ])('makes %j to %j', (text, expected) => {
    expect(slug(text)).toBe(expected);
  });

  it('holds words of lower-case letters and digits joined by single dashes, and a slug is its own slug', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(slug(text)).toMatch(/^([a-z0-9]+(-[a-z0-9]+)*)?$/);
        expect(slug(slug(text))).toBe(slug(text));
      }),
    );
  });
});
